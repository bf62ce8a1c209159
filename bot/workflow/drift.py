"""Finding drift: each of npm's lists that was read is compared with the one before it, and with what was done here."""

from datetime import datetime, timedelta

from bot.domain.drift import (
    Drift,
    DriftData,
    DriftKind,
    Lists,
    Made,
    compare_lists,
    find_left,
    find_renamed,
    is_over,
)
from bot.domain.events import AuditKind
from bot.domain.evidence import PackageFacts
from bot.domain.lifecycle import State
from bot.domain.operations import Create, Replace, revoked_id_of
from bot.domain.patterns import selection_of
from bot.domain.publishers import Configuration, Publisher, read_publisher
from bot.messages.drift import render_drift, render_drifts_together
from bot.messages.message import Message
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.authorise import load_directory
from bot.workflow.drift_views import drift_data, drift_view
from bot.workflow.lane import OPERATION
from bot.workflow.look import CONFIGURATIONS
from bot.workflow.preflight import find_name
from bot.workflow.progress import Progress
from bot.workflow.readings import Reading
from bot.workflow.transitions import NPMTRUST
from storage.coverage_models import PackageRow
from storage.home_models import DriftRow
from storage.models import StepRow
from storage.packages import ACCOUNT_ONLY, is_known_to_public
from storage.set_ups import SetUp
from storage.store import Store
from storage.survey_models import ReadingRow

BURST = timedelta(hours=1)
MOST_ALONE = 5
"""So many within an hour have a message each; the others share one in each place."""


async def execute_next(services: Services) -> Progress:
    """Look at one list that was read."""
    reading = await services.database.run(lambda store: store.drifts.find_unchecked())
    if reading is None:
        return Progress()
    listed = CONFIGURATIONS.validate_json(reading.configurations)
    names: dict[str, str] = {}
    for configuration in listed:
        publisher = read_publisher(configuration.type, configuration.claims)
        if publisher is not None and (name := await find_name(services, publisher)):
            names[configuration.id] = name
    await services.database.run(lambda store: _compare(services, store, reading, listed, names))
    services.bell.ring("surfaces")
    return Progress(more=True)


def _compare(
    services: Services, store: Store, reading: ReadingRow, listed: tuple[Configuration, ...], names: dict[str, str]
) -> None:
    name, read_at = reading.package, reading.read_at or services.clock.now()
    package, mark = store.packages.find(name), store.drifts.find_mark(name)
    made, sent = _list_made(store, name, package), _list_sent(store, name)
    before_at = mark.read_at if mark is not None else None
    lately = (step for step in sent if not (before_at and step.finished_at) or step.finished_at > before_at)
    found = compare_lists(
        Lists(
            before=CONFIGURATIONS.validate_json(mark.configurations) if mark is not None and before_at else None,
            before_at=before_at,
            after=listed,
            after_at=read_at,
            made=made,
            revoked=frozenset(revoked_id_of(OPERATION.validate_json(step.operation)) for step in sent),
            wanted=tuple(wanted for step in lately if (wanted := _wanted_by(step)) is not None),
        )
    )
    found += find_left(listed, made, package.maintainers.split() if package else ())
    found += find_renamed(listed, names, made)
    undone = set()
    for row in store.drifts.list_standing_of(name):
        if is_over(drift_data(row).drift, found, listed):
            row.over_at = read_at
            if row.kind == DriftKind.APPEARED and not row.acknowledged_by:
                undone.add(row.configuration_id)  # it came and went: that it went mends it
            _touch(store, row, services.clock.now())
    for drift in found:
        if drift.kind is not DriftKind.VANISHED or drift.configuration.id not in undone:
            raise_drift(services, store, name, drift, reader=reading.npm_user)
    store.drifts.set_mark(name, checked_at=read_at, configurations=reading.configurations)


def note_read(services: Services, store: Store, reading: Reading) -> None:
    """A read of public data shows that somebody has left the maintainers: look at what was made through them."""
    before = reading.before.maintainers if reading.before else ()
    if set(before) <= set(reading.after.maintainers):
        return
    name = reading.row.name
    made = _list_made(store, name, reading.row)
    listed = store.readings.find(name)
    stands = {one.id for one in CONFIGURATIONS.validate_json(listed.configurations)} if listed else made.keys()
    configurations = [one.configuration for one in made.values() if one.configuration.id in stands]
    for drift in find_left(configurations, made, reading.after.maintainers):
        raise_drift(services, store, name, drift, reader="")


def _list_made(store: Store, name: str, package: PackageRow | None) -> dict[str, Made]:
    """List by npm's id what was made here and was not revoked here."""
    set_ups = [each for each in store.packages.list_set_ups([name], used_too=True) if each.configuration_id]
    makers = store.drifts.list_makers(each.step_id for each in set_ups)
    facts = PackageFacts.model_validate_json(package.facts) if package and package.facts else None
    seen = {each.configuration_id for each in facts.publishers} if facts else set()
    return {each.configuration_id: _made(store, each, makers, seen) for each in reversed(set_ups)}


def _made(store: Store, set_up: SetUp, makers: dict[int, str], seen: set[str]) -> Made:
    link = store.links.find_linked(set_up.executor) if set_up.executor else None
    step = store.change_sets.load_step(set_up.step_id)
    permissions = transitions.progress_of(step).configuration_permissions
    return Made(
        configuration=_configuration(set_up.publisher, set_up.configuration_id, permissions),
        number=set_up.number,
        requester=set_up.requester,
        executor=set_up.executor,
        npm_user=makers.get(set_up.step_id) or (link.npm_user if link else ""),
        at=set_up.applied_at,
        used=set_up.configuration_id in seen or store.arrivals.find_of_step(set_up.step_id) is not None,
    )


def _list_sent(store: Store, name: str) -> list[StepRow]:
    """List the steps of a package of which a call went out, or was given to somebody to make."""
    steps = [row for row in store.drifts.list_steps_of(name) if row.state != State.IN_REVIEW.value]
    called = store.drifts.list_called(step.id for step in steps)
    return [step for step in steps if step.id in called or transitions.progress_of(step).script_id is not None]


def _wanted_by(step: StepRow) -> Configuration | None:
    operation = OPERATION.validate_json(step.operation)
    if not isinstance(operation, Create | Replace):
        return None
    return _configuration(operation.publisher, "", tuple(each.value for each in operation.permissions))


def _configuration(publisher: Publisher, id_: str, permissions: tuple[str, ...]) -> Configuration:
    return Configuration(id=id_, type=publisher.provider.value, claims=publisher.to_claims(), permissions=permissions)


def raise_drift(services: Services, store: Store, name: str, drift: Drift, *, reader: str) -> None:
    """Store it, and the wish for its messages: in the channels that watch, and to each maintainer by DM; once."""
    now, package = services.clock.now(), store.packages.find(name)
    private = package is None or not is_known_to_public(package) or package.visibility == ACCOUNT_ONLY
    directory = load_directory(services, store)
    maintainers = tuple(package.maintainers.split()) if package else ()
    people = [user for npm_user in maintainers if (user := directory.slack_user_of(npm_user))]
    if private and (read_by := directory.slack_user_of(reader)):
        people = list(dict.fromkeys([*people, read_by]))
    watches = [watch.channel for watch in store.watches.list_live() if selection_of(watch.selection).matches(name)]
    channels = [] if private else list(dict.fromkeys(watches or filter(None, [services.options.channel])))
    if not (channels or people or private):
        people = sorted(directory.admins)  # somebody has to know
    lead = _find_lead(store, now)
    data = DriftData(
        drift=drift,
        reader=reader,
        maintainers=maintainers or ((reader,) if reader else ()),
        private=private,
        channels=tuple(channels),
        people=tuple(people),
        lead=lead,
    )
    kind, id_ = drift.kind.value, drift.configuration.id
    row = store.drifts.raise_once(name, kind, id_, data=data.model_dump_json(), now=now)
    if row is None:
        return
    if lead < 0:  # it leads those that come within the hour
        row.data = data.model_copy(update={"lead": row.id}).model_dump_json()
    store.audit.add(AuditKind.DRIFT_FOUND, actor=NPMTRUST, at=now, package=name, drift=kind, configuration=id_)
    for where in dict.fromkeys((*channels, *people)):
        store.surfaces.want(f"{key_of(row)}:{where}", channel=where, now=now, urgent=True)


def _find_lead(store: Store, now: datetime) -> int:
    """Tell which one leads those with which a new one shares its message; 0: it has its own, -1: it is to lead."""
    lately = store.drifts.list_since(now - BURST)
    if len(lately) < MOST_ALONE:
        return 0
    lead = drift_data(lately[-1]).lead
    first = store.drifts.load(lead) if lead else None
    return lead if first is not None and first.found_at + BURST > now else -1


def key_of(row: DriftRow) -> str:
    """Name the message in which one is told; after another colon follows where it stands."""
    lead = drift_data(row).lead
    return f"drifts:{lead}" if lead else f"drift:{row.id}"


def _touch(store: Store, row: DriftRow, now: datetime) -> None:
    store.surfaces.touch(key_of(row), now)


def draw_drift(services: Services, store: Store, reference: str) -> Message | None:
    """Draw the message of one, for the channel or the person where it stands."""
    drift_id, _, where = reference.partition(":")
    row = store.drifts.load(int(drift_id))
    return render_drift(drift_view(services, store, row, where)) if row else None


def draw_together(services: Services, store: Store, reference: str) -> Message | None:
    """Draw the message of many: each place reads of those that are told there."""
    lead_id, _, where = reference.partition(":")
    lead = store.drifts.load(int(lead_id))
    rows = store.drifts.list_since(lead.found_at) if lead else []
    told = [
        row
        for row in rows
        if drift_data(row).lead == int(lead_id) and where in (*drift_data(row).channels, *drift_data(row).people)
    ]
    return render_drifts_together([drift_view(services, store, row, where) for row in told]) if told else None
