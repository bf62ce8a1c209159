"""GitLab's repository addresses: https://docs.gitlab.com/api/repository_files and /api/repositories."""

from typing import Final
from urllib.parse import quote

from bot.domain.preflight import Look, Place
from bot.domain.versions import read_text
from bot.domain.workflow_files import Reference
from bot.domain.workflow_gitlab_includes import list_references
from bot.forge.contents import read_found
from bot.forge.exchange import Exchange, ForgeAway, Found, Manners
from bot.forge.referred import Ways

MANNERS: Final = Manners("private-token", "{}")

_DEFAULT_BRANCH = "HEAD"
_ENDINGS = (".yml", ".yaml")


async def look_at_gitlab(exchange: Exchange, place: Place) -> Look:
    """Look at a file on the default branch; where it is not, at what is there. One question where all is well.

    Raises:
        ForgeAway: GitLab does not say.
    """
    project = _address(place.repository)
    found = await exchange.ask(f"{project}/repository/files/{quote(place.file, safe='')}/raw", ref=_DEFAULT_BRANCH)
    if not found.is_there:
        return await _look_around(exchange, project)
    known_as = await _ask_name(exchange, project) if found.moved else ""
    return await read_found(_read_file(found), known_as)


def _address(project: str) -> str:
    return f"api/v4/projects/{quote(project, safe='')}"


async def _look_around(exchange: Exchange, project: str) -> Look:
    known_as = await _ask_name(exchange, project)
    tree = await exchange.ask(f"{project}/repository/tree", ref=_DEFAULT_BRANCH, per_page="100")
    entries = tree.reply.read_json()
    names = [
        read_text(entry, "name")
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, dict) and entry.get("type") == "blob"
    ]
    return Look(names=tuple(sorted(name for name in names if name.endswith(_ENDINGS))), known_as=known_as)


async def _ask_name(exchange: Exchange, project: str) -> str:
    """Ask for the project itself: how GitLab writes it now."""
    found = await exchange.ask(project)
    content = found.reply.read_json()
    if not found.is_there or not isinstance(content, dict):
        hint = "" if exchange.source.token else f" (a token in {exchange.source.token_setting} lets me see more)"
        raise ForgeAway(f"{exchange.source.title} shows no such project: it is private, or not there{hint}")
    return read_text(content, "path_with_namespace")


async def _ask_file(exchange: Exchange, reference: Reference, path: str) -> Found:
    address = f"{_address(reference.repository)}/repository/files/{quote(path, safe='')}/raw"
    return await exchange.ask_more(address, ref=reference.ref or _DEFAULT_BRANCH)


def _read_file(found: Found) -> bytes | None:
    return found.reply.body if found.reply.whole else None


async def _is_public(exchange: Exchange, project: str) -> bool:
    """Tell whether anybody may read a project's files: a public project may keep its repository to its members."""
    found = await exchange.ask_more(_address(project))
    content = found.reply.read_json()
    if not found.is_there or found.moved or not isinstance(content, dict):
        return False
    return content.get("visibility") == "public" and content.get("repository_access_level") == "enabled"


WAYS: Final = Ways(_ask_file, _read_file, _is_public, list_references)
