"""The two days after a create: who is reminded that npm waits for a version, and told that it waits no more."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import ValidationError

from bot.domain.approval import Directory
from bot.domain.events import AuditKind
from bot.domain.evidence import PackageFacts
from bot.domain.lifecycle import State
from bot.domain.two_days import PATIENCE, TWO_DAYS, Stage, TwoDayView, Use, WaitingPackage, next_look, stage_due, use_of
from bot.messages.message import Message
from bot.messages.two_days import render_round
from bot.services import Services
from bot.workflow.authorise import load_directory
from bot.workflow.progress import Progress
from bot.workflow.transitions import NPMTRUST
from storage.coverage_models import PackageRow
from storage.models import DecisionRow, StepRow
from storage.preflight_models import RoundRow
from storage.records import StepFacts
from storage.set_ups import SetUp
from storage.store import Store

_SOON = timedelta(seconds=5)
_LATER = timedelta(minutes=1)
"""How often it is looked whether public data was read: at first, and after the first minute."""


@dataclass(frozen=True, slots=True)
class Made:
    """A configuration of a round, and what became of it."""

    step: StepRow
    set_up: SetUp
    use: Use
    row: PackageRow | None
    """What public data showed of the package."""
    people: tuple[str, ...]
    """Slack ids of whom it concerns: who asked, who approved, and the maintainers who are linked."""


async def execute_next(services: Services) -> Progress:
    """Tell what is due of the round that has waited longest: the row says what was told, so that it is told once."""
    waited = await services.database.run(lambda store: _tell_next(services, store))
    if isinstance(waited, Progress):
        return waited
    services.bell.ring("surfaces", "scan")
    return Progress(more=True)


def _tell_next(services: Services, store: Store) -> Progress | None:
    now = services.clock.now()
    row = store.rounds.claim_due(now)
    if row is None:
        return Progress(at=store.rounds.next_due())
    made = load_round(services, store, row)
    waiting = [each for each in made if each.use is not Use.USED]
    stage = Stage(row.stage)
    if not waiting:
        row.stage, row.next_at = Stage.USED.value, None
        return None
    last_at = max(each.set_up.applied_at for each in waiting)
    due = stage_due(stage, row.began_at, last_at, now)
    if due is None:
        row.next_at = next_look(stage, row.began_at, last_at)
        return None
    if due.stage is Stage.OVER and not _is_read(store, waiting, last_at, now):
        row.next_at = now + (_SOON if now < last_at + TWO_DAYS + _LATER else _LATER)
        return None
    row.stage, row.next_at = due.stage.value, due.next_at
    kind = AuditKind.DROPPED if due.stage is Stage.OVER else AuditKind.REMINDED
    store.audit.add(kind, actor=NPMTRUST, at=now, change_set_id=row.change_set_id, packages=len(waiting))
    for person in sorted({person for each in waiting for person in each.people}):
        store.surfaces.want(f"two_days:{row.id}:{due.stage.name}:{person}", channel=person, now=now)
    return None


def _is_read(store: Store, waiting: list[Made], last_at: datetime, now: datetime) -> bool:
    """Tell whether public data was read since the two days were over; have it read where it was not."""
    late = [
        each.set_up.package
        for each in waiting
        if each.row is not None and (each.row.read_at is None or each.row.read_at < last_at + TWO_DAYS)
    ]
    if late and now < last_at + TWO_DAYS + PATIENCE:
        store.packages.schedule(late, now, urgent=True)
        return False
    return True


def load_round(services: Services, store: Store, row: RoundRow) -> list[Made]:
    """Load what a round has made and stands, as far as we know."""
    found = store.packages.list_round(row.change_set_id, row.from_at, row.until_at)
    packages = {known.name: known for known in store.packages.find_all(step.package for step, _, _ in found)}
    decided = store.decisions.list_all_of(step.id for step, _, _ in found)
    directory = load_directory(services, store)
    return [
        Made(
            step=step,
            set_up=made,
            use=Use.USED if used else _use(packages.get(step.package), made),
            row=packages.get(step.package),
            people=_people(step, made, decided.get(step.id, ()), directory),
        )
        for step, made, used in found
    ]


def _use(row: PackageRow | None, made: SetUp) -> Use:
    if row is None or row.read_at is None:
        return Use.UNREAD
    is_seen = row.visibility == "public"
    return use_of(facts_of_row(row) if is_seen else None, made.configuration_id, made.applied_at)


def facts_of_row(row: PackageRow | None) -> PackageFacts | None:
    """Read what public data showed of a package; None where that is not known, or cannot be read any more."""
    try:
        return PackageFacts.model_validate_json(row.facts) if row is not None and row.facts else None
    except ValidationError:
        return None


def _people(step: StepRow, made: SetUp, decisions: Iterable[DecisionRow], directory: Directory) -> tuple[str, ...]:
    maintainers = StepFacts.model_validate_json(step.facts).maintainers
    linked = [directory.slack_user_of(name) for name in maintainers]
    approvers = [decision.slack_user for decision in decisions if decision.approved and decision.void_at is None]
    known = (person for person in (made.requester, *approvers, *linked) if person)
    return tuple(dict.fromkeys(person for person in known if person not in directory.gone))


def show_round_again(store: Store, made: SetUp, now: datetime) -> None:
    """A version came: what was said of it lately is brought up to date."""
    row = store.rounds.find_of(made.change_set_id, made.applied_at)
    if row is not None:
        store.surfaces.touch(f"two_days:{row.id}", now)


def draw_round(services: Services, store: Store, reference: str) -> Message | None:
    """Draw the reminder of one person, or the news that it is over: only what concerns them."""
    round_id, stage, person = reference.split(":")[:3]
    row = store.rounds.load(int(round_id))
    if row is None:
        return None
    mine = [each for each in load_round(services, store, row) if person in each.people]
    change_set = store.change_sets.load(row.change_set_id)
    again = store.change_sets.load(row.again_id) if row.again_id else None
    can_go = any(each.use is not Use.USED for each in mine) and again is None
    return render_round(
        TwoDayView(
            stage=Stage[stage],
            number=change_set.number,
            packages=tuple(_waiting_package(each) for each in mine),
            value=str(row.id) if can_go and Stage[stage] is Stage.OVER else "",
            again_number=again.number if again else 0,
            as_of=min((each.row.read_at for each in mine if each.row and each.row.read_at), default=None),
        )
    )


def _waiting_package(made: Made) -> WaitingPackage:
    return WaitingPackage(
        package=made.set_up.package,
        label=made.set_up.publisher.label,
        use=made.use,
        applied_at=made.set_up.applied_at,
        restored=made.step.state == State.RESTORED.value,
    )
