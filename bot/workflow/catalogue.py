"""Which packages there are: what npm's search and an organisation's own list say, and how complete that is."""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.coverage import PackageRecord
from bot.domain.digest import CatalogueNote
from bot.domain.outcome import SessionDead
from bot.domain.packages import parse_package
from bot.domain.patterns import Selection
from bot.registry import RegistryMisbehaved
from bot.registry.urls import parse_address
from bot.services import Services
from bot.workflow.known_packages import remember_unseen
from bot.workflow.packages import Stopped, forget_session, session_to_read
from storage.account_models import LinkRow
from storage.store import Store

READ_PACE = 0.05
"""Seconds from the start of one read of public data to the start of the next. A registry on loopback is exempt."""

MOST_FOUND = 10_000
"""npm's search shows no more for one text."""

_PAGE = 250
_SEARCH, _ORGANISATION = "search", "organisation"
_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class _Learned:
    """What npm has told so far."""

    found: dict[str, None] = field(default_factory=dict)
    """By the search, in its order, each once."""
    totals: dict[str, int] = field(default_factory=dict)
    """By text: how many packages the search has found; a text is in here when it was asked to its end."""
    listed: dict[str, list[str]] = field(default_factory=dict)
    """By scope: npm's own list."""


async def learn_names(services: Services, selection: Selection, link: LinkRow | None) -> None:
    """Find out which packages a selection can mean, and remember them.

    npm's search is asked; with the live session of a linked person npm's own lists of the scopes too, which confirm
    the catalogue and tell of packages that the public cannot see. What was found is kept, also when npm goes away
    meanwhile.

    Raises:
        RegistryUnavailable: npm cannot be asked now.
    """
    learned = _Learned()
    try:
        await _list_scopes(services, learned, selection, link)
        for text in selection.search_texts:
            await _search(services, learned, selection, text)
    finally:
        await services.database.run(lambda store: _keep(services, store, selection, learned, link))


async def rest_between_reads(services: Services) -> None:
    """Keep the pace of reading."""
    address = parse_address(services.options.registry_url)
    await asyncio.sleep(0 if address is not None and address.is_loopback else READ_PACE)


def resolve_names(selection: Selection, records: Iterable[PackageRecord]) -> tuple[list[str], frozenset[str]]:
    """Turn patterns into packages: those that everybody may see, and those that perhaps the own account shows.

    Returns:
        Their names, those that were named first, and which of them only accounts see and nobody named.
    """
    named, known = frozenset(selection.names), {record.name: record for record in records}
    shown = [
        name
        for name in dict.fromkeys([*selection.names, *known])
        if name in named or known[name].visible or known[name].account_only or known[name].kind is not None
    ]
    return shown, frozenset(name for name in shown if name not in named and known[name].account_only)


def is_searched(store: Store, selection: Selection, since: datetime) -> bool:
    """Tell whether npm's search was asked for all of a selection since a moment."""
    return all(at is not None and at >= since for at in _times_of(store, selection))


def oldest_search(store: Store, selection: Selection) -> datetime | None:
    """Tell when that was asked which was asked longest ago; None when something never was."""
    times = _times_of(store, selection)
    known = [at for at in times if at is not None]
    return min(known) if len(known) == len(times) else None


def note_catalogue(store: Store, selection: Selection | None, records: Iterable[PackageRecord]) -> CatalogueNote:
    """Say how complete the list of a selection's packages is."""
    private = [record.account_only for record in records]
    texts = selection.search_texts if selection else ()
    scopes = selection.scopes if selection else ()
    rows = store.catalogue.list_of([*texts, *scopes]) if selection else store.catalogue.list_all()
    confirmed = [row for row in rows if row.source == _ORGANISATION]
    searched = [row.at for row in rows if row.source == _SEARCH]
    is_whole = selection is not None and selection.is_scoped and {row.owner for row in confirmed} >= set(scopes)
    oldest = confirmed[0] if is_whole and confirmed else None  # together they are as good as the oldest of them
    return CatalogueNote(
        known=len(private) - sum(private),
        private=sum(private),
        confirmed_by=oldest.by if oldest else "",
        confirmed_at=oldest.at if oldest else None,
        searched_at=min(searched, default=None),
        named=selection is not None and len(selection.names) == sum(not one.negated for one in selection.patterns),
    )


async def _list_scopes(services: Services, learned: _Learned, selection: Selection, link: LinkRow | None) -> None:
    session = await session_to_read(services, link)
    if link is None or session is None or isinstance(session, Stopped):
        return
    for scope in selection.scopes:
        try:
            access = await services.registry.list_packages_of(session, scope)
        except RegistryMisbehaved as err:
            _LOG.info("npm's own list of %s cannot be used: %s", scope, err)
            continue
        if isinstance(access, SessionDead):
            await forget_session(services, link, session, access.message)
            return
        if access is not None:
            learned.listed[scope] = _names(access)


async def _search(services: Services, learned: _Learned, selection: Selection, text: str) -> None:
    """Go through the pages of npm's search. It ranks, forgets and repeats: what is not asked for is left out."""
    seen: set[str] = set()
    offset, total = 0, 1
    while offset < min(total, MOST_FOUND):
        try:
            page = await services.registry.search(text, size=_PAGE, offset=offset)
        except RegistryMisbehaved as err:  # not every registry has a search
            _LOG.info("The search for %r brings nothing: %s", text, err)
            break
        new = set(page.names) - seen
        if not new:
            break
        seen |= new
        learned.found.update(dict.fromkeys(filter(selection.matches, _names(page.names))))
        offset, total = offset + min(len(page.names), _PAGE), page.total
        await rest_between_reads(services)
    learned.totals[text] = sum(map(selection.matches, seen))


def _keep(services: Services, store: Store, selection: Selection, learned: _Learned, link: LinkRow | None) -> None:
    now = services.clock.now()
    store.packages.remember(learned.found, _SEARCH, now)
    remember_unseen(store, selection.names, "named", now)
    for text, total in learned.totals.items():
        store.catalogue.note(text, _SEARCH, total=total, at=now)
    for scope, names in learned.listed.items():
        remember_unseen(store, names, _ORGANISATION, now)
        store.packages.mark_listed(names)
        store.catalogue.note(scope, _ORGANISATION, total=len(names), by=link.slack_user if link else "", at=now)
    if not selection.search_texts:
        store.catalogue.note(selection.text, _SEARCH, total=len(selection.names), at=now)


def _times_of(store: Store, selection: Selection) -> list[datetime | None]:
    found = [store.catalogue.find(text, _SEARCH) for text in selection.search_texts or (selection.text,)]
    return [row.at if row else None for row in found]


def _names(texts: Iterable[str]) -> list[str]:
    """Take what can be a name; a registry may answer anything."""
    return [text for text in texts if isinstance(parse_package(text), str)]
