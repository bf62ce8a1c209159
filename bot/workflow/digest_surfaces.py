"""What the messages of watches show: digests, alarms and arrivals, from committed state."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from bot.domain.coverage import Standing
from bot.domain.digest import DigestContent, DigestPackage
from bot.messages.alarms import render_alarm, render_alarm_to_owner, render_arrival
from bot.messages.alarms_together import render_alarms_together
from bot.messages.digest import render_digest
from bot.messages.message import Message, join
from bot.messages.watch_notices import render_closed_channel
from bot.services import Services
from bot.workflow import pictures
from bot.workflow.alarm_bursts import data_of, list_shown, together_value
from bot.workflow.alarms import alarm_view
from bot.workflow.arrivals import arrival_view
from bot.workflow.authorise import load_directory
from bot.workflow.put_aside import aside_of, button_value
from storage.coverage_models import DigestRow, PackageRow
from storage.models import SurfaceRow
from storage.store import Store

_PEOPLE = ("U", "W")
"""How a person's Slack id begins."""

_Renderer: TypeAlias = Callable[[Services, Store, str], Message | None]


def _digest(services: Services, store: Store, reference: str) -> Message | None:
    digest = store.digests.load(int(reference.partition(":")[0]))
    if digest is None or _is_out_of_date(store, digest, reference):
        return None
    content = DigestContent.model_validate_json(digest.content)
    rows = {row.name: row for row in store.packages.find_all(package.name for package in content.lacking)}
    now = services.clock.now()
    lacking = tuple(_as_it_stands(package, rows.get(package.name), services) for package in content.lacking)
    values = {row.name: button_value(digest.id, row.id) for row in rows.values() if aside_of(row, now) is None}
    picture = pictures.ready_file(store, digest.id)
    drawn = render_digest(content.model_copy(update={"lacking": lacking}), values, picture=picture)
    return _with_reason(store, f"digest:{digest.id}", reference, drawn)


def _is_out_of_date(store: Store, digest: DigestRow, reference: str) -> bool:
    """Tell whether a digest that could not be shown has been overtaken by the next one of its watch."""
    surface = store.surfaces.find(f"digest:{reference}")
    newest = store.digests.newest_of(digest.watch_id)
    return bool(surface and not surface.ts and newest and newest.id != digest.id)


def _as_it_stands(package: DigestPackage, row: PackageRow | None, services: Services) -> DigestPackage:
    """Show of a package in a digest what somebody has said of it since."""
    aside = aside_of(row, services.clock.now()) if row else None
    if aside is None:
        return package
    return package.model_copy(update={"standing": Standing.SNOOZED if aside.until else Standing.RETIRED})


def _with_reason(store: Store, key: str, reference: str, drawn: Message) -> Message:
    """Say in a DM that stands in for a channel why it came."""
    where = reference.partition(":")[2]
    surface = store.surfaces.find(key) if where.startswith(_PEOPLE) else None
    return join([render_closed_channel(surface.channel, surface.problem), drawn]) if surface else drawn


def _alarm(services: Services, store: Store, reference: str) -> Message | None:
    alarm_id, _, where = reference.partition(":")
    row = store.alarms.load(int(alarm_id))
    if row is None:
        return None
    view = alarm_view(services, store, row)
    if any(where and where == owner.slack_user for owner in view.owners):
        return render_alarm_to_owner(view, next(iter(data_of(row).channels), ""))
    return render_alarm(view)


def _alarms_together(services: Services, store: Store, reference: str) -> Message | None:
    lead, _, where = reference.partition(":")
    directory = load_directory(services, store)
    rows = list_shown(services, store, int(lead), where.partition(":")[0])
    views = [alarm_view(services, store, row, directory) for row in rows]
    return render_alarms_together(views, together_value(int(lead))) if views else None


def _arrival(services: Services, store: Store, reference: str) -> Message | None:
    view = arrival_view(services, store, int(reference.partition(":")[0]))
    return render_arrival(view) if view else None


RENDERERS: Mapping[str, _Renderer] = {
    "digest": _digest,
    "alarm": _alarm,
    "alarms": _alarms_together,
    "arrival": _arrival,
}


def tell_elsewhere(services: Services, store: Store, surface: SurfaceRow) -> None:
    """The channel takes nothing of ours: who set the watch, or asked, gets it by DM."""
    kind, _, reference = surface.key.partition(":")
    about = int(reference.partition(":")[0])
    match kind:
        case "digest":
            people = _note_problem(store, about, surface.problem)
        case "arrival":
            view = arrival_view(services, store, about)
            people = [view.requester] if view else []
        case _:
            watches = [watch for watch in store.watches.list_live() if watch.channel == surface.channel]
            people = [watch.set_by for watch in watches] or sorted(load_directory(services, store).admins)
    for person in dict.fromkeys(people):
        key = f"{kind}:{about}:{person}"
        if store.surfaces.find(key) is None:
            store.surfaces.want(key, channel=person, now=services.clock.now())


def _note_problem(store: Store, digest_id: int, code: str) -> list[str]:
    """Have the list of watches say why a digest did not come; tell who set the watch."""
    digest = store.digests.load(digest_id)
    watch = store.watches.load(digest.watch_id) if digest else None
    if watch is None:
        return []
    watch.problem = f"The last digest came by DM: Slack says {code} of the channel."
    return [watch.set_by]
