"""`list`: what npm itself says of a package, through the reader's own account, beside the evidence."""

from datetime import timedelta

from bot.domain.commands import ListTrust
from bot.domain.deliveries import CommandDelivery
from bot.domain.evidence import PackageFacts
from bot.domain.outcome import SessionDead
from bot.domain.overview import Maintainer, PackageListing
from bot.domain.packages import PackageName, parse_package
from bot.domain.patterns import Selection
from bot.messages.commands import render_json, render_who_am_i
from bot.messages.listings import render_listings
from bot.messages.notices import render_reading, render_session_over
from bot.messages.refusals import render_other_registry
from bot.messages.surveys import render_survey_needs_link
from bot.services import Services
from bot.workflow import surveys
from bot.workflow.answering import answer
from bot.workflow.catalogue import learn_names
from bot.workflow.freeze import is_frozen
from bot.workflow.handoff import set_present
from bot.workflow.known_packages import remember_unseen
from bot.workflow.lane import live_session
from bot.workflow.look import CONFIGURATIONS
from bot.workflow.packages import (
    Stopped,
    forget_session,
    is_configured_registry,
    load_facts,
    registry_host,
    session_to_read,
    tell_missing,
)
from storage.account_models import LinkRow
from storage.models import ReadRow
from storage.store import Store

MOST = 20
"""So many packages are listed in one answer; more of them, and patterns, are read one after the other."""

AS_JSON = ".json"
"""How the batch of a `list --json` ends."""

_LIFE = timedelta(minutes=30)
_NOT_LINKED = "link your npm account to read npm's own list: /npmtrust login"


async def list_trust(services: Services, delivery: CommandDelivery, command: ListTrust, *, inbox_id: int) -> None:
    """Show the evidence at once, and have npm's own list read where the reader has an account link."""
    if not is_configured_registry(services, command.registry):
        host = registry_host(services)
        await answer(services, delivery, render_other_registry(command.registry, host=host))
        return
    link = await services.database.run(lambda store: store.links.find_linked(delivery.user))
    if command.selection and link is not None:
        await surveys.begin(services, delivery, command, link, inbox_id=inbox_id)
        return
    if command.selection:
        packages: tuple[PackageName, ...] | None = await _resolve(services, command.selection)
    else:
        if not command.packages and link is not None and await is_frozen(services, delivery):
            return
        packages = command.packages or await _own_packages(services, link)
    if packages is None:
        await answer(services, delivery, render_session_over() if link else render_who_am_i(None))
    elif len(packages) <= MOST:
        await _list_few(services, delivery, command, packages, link, inbox_id=inbox_id)
    elif link is not None:
        many = command.model_copy(update={"packages": packages})
        await surveys.begin(services, delivery, many, link, inbox_id=inbox_id)
    else:
        selection = command.selection.text if command.selection else ""
        await answer(services, delivery, render_survey_needs_link(selection, len(packages)))


async def _list_few(
    services: Services,
    delivery: CommandDelivery,
    command: ListTrust,
    packages: tuple[PackageName, ...],
    link: LinkRow | None,
    *,
    inbox_id: int,
) -> None:
    """Read each package's public data first, then have the lists read."""
    found: list[PackageFacts] = []
    for package in packages:
        facts = await load_facts(services, package, link)
        if isinstance(facts, PackageFacts):
            found.append(facts)
        else:
            has_looked = live_session(services, link) is not None
            await answer(services, delivery, tell_missing(package, facts, linked=has_looked))
    if not packages:
        await answer(services, delivery, render_listings([]))
    if not found:
        return
    names, now = [facts.name for facts in found], services.clock.now()
    await services.database.run(lambda store: remember_unseen(store, names, "list", now))
    if link is None:
        await _show_evidence(services, delivery, found, as_json=command.as_json)
        return
    batch = f"{inbox_id}{AS_JSON if command.as_json else ''}"
    await services.database.run(lambda store: _queue(services, store, delivery.user, batch, found))
    services.bell.ring("lane", "surfaces")
    await answer(services, delivery, render_reading(len(found)))


async def _resolve(services: Services, selection: Selection) -> tuple[PackageName, ...]:
    """Find out which packages patterns mean: those that are named, and those that everybody may see."""
    await learn_names(services, selection, None)
    records = await services.database.run(lambda store: store.packages.records(selection))
    shown = (record.name for record in records if record.visible or record.name in selection.names)
    return tuple(dict.fromkeys([*selection.names, *map(PackageName, shown)]))


async def _own_packages(services: Services, link: LinkRow | None) -> tuple[PackageName, ...] | None:
    """Ask npm what the reader's account can write to; None when there is no session to ask with."""
    session = await session_to_read(services, link)
    if link is None or session is None or isinstance(session, Stopped):
        return None
    access = await services.registry.list_packages_of(session, link.npm_user)
    if isinstance(access, SessionDead):
        await forget_session(services, link, session, access.message)
        return None
    names = (parse_package(name) for name, right in sorted((access or {}).items()) if right == "write")
    return tuple(name for name in names if isinstance(name, str))


async def _show_evidence(
    services: Services, delivery: CommandDelivery, found: list[PackageFacts], *, as_json: bool
) -> None:
    def load(store: Store) -> list[PackageListing]:
        return [
            PackageListing(
                package=facts.name,
                evidence=facts.evidence,
                maintainers=_maintainers(store, facts),
                problem=_NOT_LINKED,
                pending=_pending(store, facts.name),
            )
            for facts in found
        ]

    listings = await services.database.run(load)
    if as_json:
        await answer(services, delivery, render_json([listing.model_dump(mode="json") for listing in listings]))
    else:
        await answer(services, delivery, render_listings(listings, offer_link=True))


def _queue(services: Services, store: Store, slack_user: str, batch: str, found: list[PackageFacts]) -> None:
    if store.reads.list_batch(batch):
        return  # it was queued before a crash
    now = services.clock.now()
    for facts in found:
        store.reads.add(
            ReadRow(
                workspace=store.workspace,
                batch=batch,
                package=facts.name,
                slack_user=slack_user,
                state="ready",
                facts=facts.model_dump_json(),
                created_at=now,
                deadline=now + _LIFE,
                next_try_at=now,
            )
        )
    link = store.links.find_linked(slack_user)
    if link is not None:
        set_present(store, link, now)
    store.surfaces.want(f"list:{batch}", channel=slack_user, now=now)


_PROGRESS = {
    "ready": "npm's own list is being read",
    "calling": "npm's own list is being read",
    "waiting": "npm's own list waits for you: see the link that I sent",
}


def listing_of(store: Store, read: ReadRow) -> PackageListing:
    """Load what a read has brought so far."""
    facts = PackageFacts.model_validate_json(read.facts)
    done = read.state == "done"
    return PackageListing(
        package=read.package,
        evidence=facts.evidence,
        maintainers=_maintainers(store, facts),
        configurations=CONFIGURATIONS.validate_json(read.result) if done else None,
        read_at=read.read_at,
        problem="" if done else (read.problem or _PROGRESS.get(read.state, "")),
        pending=_pending(store, read.package),
    )


def _maintainers(store: Store, facts: PackageFacts) -> tuple[Maintainer, ...]:
    links = {name: store.links.find_npm_user(name) for name in facts.maintainers}
    return tuple(Maintainer(npm_user=name, slack_user=link.slack_user if link else "") for name, link in links.items())


def _pending(store: Store, package: str) -> tuple[int, ...]:
    numbers = {
        store.change_sets.load(row.change_set_id).number for row in store.change_sets.list_open_steps_of(package)
    }
    return tuple(sorted(numbers))
