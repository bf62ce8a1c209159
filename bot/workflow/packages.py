"""What npm tells of a package before anything is asked for."""

from dataclasses import dataclass
from typing import TypeAlias, assert_never
from urllib.parse import urlsplit

from pydantic import SecretStr

from bot.domain.evidence import PackageFacts
from bot.domain.outcome import AccountRefused, SessionDead
from bot.errors import RegistryError
from bot.messages.freezing import render_package_stopped
from bot.messages.message import Message
from bot.messages.refusals import render_package_not_found, render_package_refused, render_session_needed
from bot.registry import Found, NotFound, NotModified, RegistryMisbehaved
from bot.services import Services
from bot.workflow.lane import live_session
from bot.workflow.recording import wipe_session
from storage.account_models import LinkRow
from storage.store import Store


@dataclass(frozen=True, slots=True)
class Stopped:
    """The public does not see the package, and while a freeze stands no account looks."""

    by: str
    """Slack id."""
    reason: str


Missing: TypeAlias = NotFound | SessionDead | AccountRefused | Stopped
"""Why nothing is known of a package: npm shows it to nobody who asked, the session is over, the account may not look,
or nobody's account may now."""


async def session_to_read(services: Services, link: LinkRow | None) -> SecretStr | Stopped | None:
    """Find the session to read with; while a freeze stands, there is none for anybody."""
    session = live_session(services, link)
    if session is None:
        return None
    row = await services.database.run(lambda store: store.freezes.current())
    return Stopped(row.actor, row.reason) if row is not None else session


async def load_facts(services: Services, package: str, link: LinkRow | None) -> PackageFacts | Missing:
    """Read a package: as the public sees it, else through the session of a linked person; one that is over is wiped.

    Raises:
        RegistryError: npm cannot be asked now.
    """
    public = await services.registry.read_package(package)
    session = await session_to_read(services, link)
    if isinstance(public, NotModified):
        raise RegistryMisbehaved("npm answered that nothing has changed, and was not asked that")
    if isinstance(public, Found):
        return await _with_writers(services, public.facts, link, session)
    if link is None or session is None or public.is_withheld:
        return public
    if isinstance(session, Stopped):
        return session
    seen = await services.registry.read_package_as(session, package)
    if isinstance(seen, SessionDead):
        await forget_session(services, link, session, seen.message)
    if not isinstance(seen, Found):
        return seen
    return await _with_writers(services, seen.facts.model_copy(update={"private": True}), link, session)


async def _with_writers(
    services: Services, facts: PackageFacts, link: LinkRow | None, session: SecretStr | Stopped | None
) -> PackageFacts:
    """Let npm's collaborators, teams counted, be the owners where it tells an account who they are."""
    if link is None or session is None or isinstance(session, Stopped):
        return facts
    try:
        writers = await services.registry.list_writers(session, facts.name)
    except RegistryError:
        return facts
    if isinstance(writers, SessionDead):
        await forget_session(services, link, session, writers.message)
    if not isinstance(writers, tuple) or not writers:
        return facts
    kept = [name for name in facts.maintainers if name in writers]
    by_team = sorted(set(writers) - set(kept))
    return facts.model_copy(update={"maintainers": (*kept, *by_team), "owners_are_collaborators": True})


async def forget_session(services: Services, link: LinkRow, session: SecretStr, why: str) -> None:
    """Wipe a session that npm says is over, unless its person has logged in anew meanwhile."""

    def work(store: Store) -> None:
        known = store.links.find_linked(link.slack_user)
        if live_session(services, known) == session:
            wipe_session(store, known, why=why, now=services.clock.now())

    await services.database.run(work)


def tell_missing(package: str, missing: Missing, *, linked: bool) -> Message:
    """Say why nothing is known of a package; `linked`: its person has a session."""
    match missing:
        case NotFound():
            return render_package_not_found(package, linked=linked, why=words_of(missing))
        case SessionDead():
            return render_session_needed(package)
        case AccountRefused(message=why):
            return render_package_refused(package, why)
        case Stopped(by=actor, reason=reason):
            return render_package_stopped(package, actor, reason)
        case _:
            assert_never(missing)


def words_of(missing: NotFound) -> str:
    """Tell npm's own words where npm says more than that it knows no such package."""
    return missing.why if missing.is_withheld else ""


def is_configured_registry(services: Services, given: str) -> bool:
    """Tell whether `--registry` names the registry that we work with, or nothing."""
    return not given or _place(given) == _place(services.options.registry_url)


def registry_host(services: Services) -> str:
    """Tell the registry's host and port, for people."""
    return urlsplit(services.options.registry_url).netloc


def _place(url: str) -> tuple[str, str]:
    parts = urlsplit(url if "//" in url else f"//{url}")
    return parts.netloc.lower(), parts.path.rstrip("/")
