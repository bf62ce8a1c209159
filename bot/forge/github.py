"""GitHub's contents addresses: https://docs.github.com/en/rest/repos/contents."""

import base64
import binascii
from typing import Any, Final
from urllib.parse import quote, urlsplit

from bot.domain.preflight import Look, Place
from bot.domain.versions import read_text
from bot.domain.workflow_files import Reference, list_references
from bot.forge.contents import read_found
from bot.forge.exchange import Exchange, ForgeAway, Found, Manners
from bot.forge.referred import Ways

MANNERS: Final = Manners(
    "authorization", "Bearer {}", {"accept": "application/vnd.github+json", "x-github-api-version": "2022-11-28"}
)

_ENDINGS = (".yml", ".yaml")


async def look_at_github(exchange: Exchange, place: Place) -> Look:
    """Look at a file on the default branch; where it is not, at what is there. One question where all is well.

    Raises:
        ForgeAway: GitHub does not say.
    """
    repository = f"repos/{quote(place.repository)}"
    found = await exchange.ask(f"{repository}/contents/{place.folder}/{quote(place.file, safe='')}")
    content = found.reply.read_json()
    if found.is_there and not found.reply.whole:
        return await read_found(None, "")
    if not found.is_there or not isinstance(content, dict):
        return await _look_around(exchange, place, repository)
    known_as = await _ask_name(exchange, repository) if found.moved else _read_name(content, place)
    return await read_found(_read_content(content), known_as)


async def _look_around(exchange: Exchange, place: Place, repository: str) -> Look:
    """List the folder where the file is not; where there is no folder, tell a repository without from one unseen."""
    folder = await exchange.ask(f"{repository}/contents/{place.folder}")
    entries = folder.reply.read_json()
    if folder.is_there and isinstance(entries, list):
        known_as = await _ask_name(exchange, repository) if folder.moved else ""
        return Look(names=tuple(_list_names(entries)), known_as=known_as)
    return Look(known_as=await _ask_name(exchange, repository))


async def _ask_name(exchange: Exchange, repository: str) -> str:
    """Ask for the repository itself: how GitHub writes it now."""
    found: Found = await exchange.ask(repository)
    content = found.reply.read_json()
    if not found.is_there or not isinstance(content, dict):
        hint = "" if exchange.source.token else f" (a token in {exchange.source.token_setting} lets me see more)"
        raise ForgeAway(f"{exchange.source.title} shows no such repository: it is private, or not there{hint}")
    return read_text(content, "full_name")


def _list_names(entries: list[Any]) -> list[str]:
    named = [read_text(entry, "name") for entry in entries if isinstance(entry, dict) and entry.get("type") == "file"]
    return sorted(name for name in named if name.endswith(_ENDINGS))


def _read_name(content: dict[str, Any], place: Place) -> str:
    """Read from the address of the page how GitHub writes the repository: it finds it whatever the capitals."""
    parts = urlsplit(read_text(content, "html_url")).path.split("/")
    name = "/".join(parts[1:3])
    return name if name.casefold() == place.repository.casefold() else ""


def _read_content(content: dict[str, Any]) -> bytes | None:
    """Read the file itself, which GitHub leaves out where it is larger than a mebibyte."""
    text = content.get("content")
    if content.get("encoding") != "base64" or not isinstance(text, str):
        return None
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        return None


async def _ask_file(exchange: Exchange, reference: Reference, path: str) -> Found:
    query = {"ref": reference.ref} if reference.ref else {}
    return await exchange.ask_more(f"repos/{quote(reference.repository)}/contents/{quote(path)}", **query)


def _read_file(found: Found) -> bytes | None:
    content = found.reply.read_json()
    return _read_content(content) if isinstance(content, dict) else None


async def _is_public(exchange: Exchange, repository: str) -> bool:
    found = await exchange.ask_more(f"repos/{quote(repository)}")
    content = found.reply.read_json()
    return found.is_there and not found.moved and isinstance(content, dict) and content.get("private") is False


WAYS: Final = Ways(_ask_file, _read_file, _is_public, list_references)
