"""[Set it up again]: what npm dropped since nothing was published through it, under the approvals that it had.

The same content, by fingerprint, needs no more than the executor's confirmation, for 30 days from the approval and
where the policy lets it; what was put in the place of something else, or put back, is another content now, and is
approved as every request is.
"""

from collections.abc import Sequence
from datetime import datetime

from bot.domain import step_events
from bot.domain.approval import Action, Person, StepFacts, approvals_missing, executors_of
from bot.domain.deliveries import ClickDelivery
from bot.domain.events import AuditKind
from bot.domain.evidence import PackageFacts
from bot.domain.operations import Create
from bot.domain.packages import PackageName
from bot.domain.policy import NO_POLICY
from bot.domain.two_days import RENEWAL, Stage, Use
from bot.messages.decisions import render_never_issued
from bot.messages.denials import Denied, render_denial
from bot.messages.message import Message, join
from bot.messages.two_days import render_already_again, render_nothing_again, render_set_up_again
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.answering import answer
from bot.workflow.authorise import authorise, load_all_step_facts, load_directory, load_person
from bot.workflow.buttons import read_row_id
from bot.workflow.handoff import set_present
from bot.workflow.invite import invite_reviewers
from bot.workflow.plan_step import Planned, find_same
from bot.workflow.policy_changes import stamp_policy
from bot.workflow.policy_checks import check_staging
from bot.workflow.presence import ask_to_come
from bot.workflow.store_request import Request, store_request
from bot.workflow.two_days import Made, facts_of_row, load_round
from storage import records
from storage.models import DecisionRow, StepRow
from storage.preflight_models import RoundRow
from storage.set_ups import target_of_made
from storage.store import Store


async def set_up_again(services: Services, delivery: ClickDelivery, *, inbox_id: int) -> None:
    """Ask for it as a new change set, and let those run at once whose approval counts still.

    Raises:
        SlackError: Slack cannot be asked now.
    """
    person = await load_person(services, delivery.user)

    def look(store: Store) -> Message | tuple[RoundRow, list[Made]]:
        if store.change_sets.find_delivery(inbox_id) is not None:
            return render_never_issued()
        row = _find(store, delivery)
        if row is None or row.stage != Stage.OVER.value:
            return render_never_issued()
        if denial := authorise(Action.STAGE, person, None, load_directory(services, store)):
            return render_denial(denial, Denied(wish=Action.STAGE))
        if row.again_id is not None:
            return render_already_again(store.change_sets.load(row.again_id).number)
        return row, [each for each in load_round(services, store, row) if each.use is not Use.USED]

    found = await services.database.run(look)
    if isinstance(found, Message):
        await answer(services, delivery, found)
        return
    row, made = found
    refused = [refusal for each in made if (refusal := await _check_policy(services, each)) is not None]
    if refused:
        await answer(services, delivery, join(refused))
        return
    message = await services.database.run(lambda store: _store(services, store, row.id, person, inbox_id))
    services.bell.ring("lane", "surfaces", "handoffs")
    change_set = await services.database.run(lambda store: store.change_sets.find_delivery(inbox_id))
    if change_set is not None:
        await invite_reviewers(services, change_set.id)
    await answer(services, delivery, message)


def _find(store: Store, delivery: ClickDelivery) -> RoundRow | None:
    """Find the round of a button, for whom it was told."""
    round_id = read_row_id(delivery.value)
    row = store.rounds.load(round_id) if round_id is not None else None
    told = store.surfaces.find(f"two_days:{row.id}:{Stage.OVER.name}:{delivery.user}") if row else None
    return row if told is not None else None


async def _check_policy(services: Services, made: Made) -> Message | None:
    planned = _plan(made)
    if planned is None:
        return None
    facts = PackageFacts(
        name=made.set_up.package, maintainers=planned.facts.maintainers, evidence=planned.facts.evidence
    )
    asker = Person(id=made.set_up.requester)
    denied = await check_staging(services, asker, planned.operation, facts, permissions_stated=True)
    return denied.message if denied else None


def _plan(made: Made) -> Planned | None:
    """Ask for what was made there, with what is known of the package now."""
    target = target_of_made(made.step)
    if target is None:
        return None
    known, staged = facts_of_row(made.row), transitions.facts_of(made.step)
    is_seen = known is not None and bool(known.maintainers) and made.row is not None and made.row.visibility == "public"
    facts = records.StepFacts(
        evidence=known.evidence if known and is_seen else staged.evidence,
        maintainers=known.maintainers if known and is_seen else staged.maintainers,
        requester_npm=staged.requester_npm,
    )
    operation = Create(
        package=PackageName(made.set_up.package), publisher=target.publisher, permissions=target.permissions
    )
    return Planned(operation, facts, made.set_up.private)


def _store(services: Services, store: Store, round_id: int, person: Person, inbox_id: int) -> Message:
    """Commit it, with the approvals that count still. The round says what sets it up again: it is asked for once."""
    row = store.rounds.load(round_id)
    if row is None:
        return render_never_issued()
    if row.again_id is not None:
        return render_already_again(store.change_sets.load(row.again_id).number)
    made = [each for each in load_round(services, store, row) if each.use is not Use.USED]
    pending = store.batches.find_pending(each.set_up.package for each in made)
    asked: list[tuple[Made, Planned]] = []
    for each in made:
        planned = _plan(each)
        waits = planned and find_same(services, store, planned.operation, pending.get(each.set_up.package, []))
        if planned is not None and not waits:
            asked.append((each, planned))
    if not asked:
        return render_nothing_again()
    before, now = store.change_sets.load(row.change_set_id), services.clock.now()
    request = Request(
        inbox_id=inbox_id,
        requester=before.requester,
        reason=f"once more: npm dropped what C-{before.number} had set up, since nothing was published through it",
        channel=before.channel,
        permissions_stated=True,
    )
    change_set = store_request(services, store, request, [planned for _, planned in asked])
    row.again_id = change_set.id
    store.audit.add(AuditKind.SET_UP_AGAIN, actor=person.id, at=now, change_set_id=change_set.id, before=before.number)
    steps = store.change_sets.load_steps(change_set.id)
    _renew(services, store, steps, [each for each, _ in asked], now)
    store.surfaces.touch(f"two_days:{row.id}", now)
    facts = load_all_step_facts(services, store, change_set, steps)
    return _let_run(services, store, steps, facts, person)


def _renew(services: Services, store: Store, steps: Sequence[StepRow], made: Sequence[Made], now: datetime) -> None:
    """Take over the approvals of the same content, with the moment at which each was given."""
    renewed = []
    decided = store.decisions.list_all_of(each.step.id for each in made)
    for step, each in zip(steps, made, strict=True):
        policy = services.policies.current.policy_of(step.package)
        may_renew = policy is NO_POLICY or policy.renew
        for decision in decided.get(each.step.id, []) if may_renew else ():
            is_same = decision.approved and decision.void_at is None and decision.fingerprint == step.fingerprint
            if is_same and now < decision.at + RENEWAL:
                renewed.append((step, each.step.policy, decision))
    store.decisions.add_all([_copy(store, step, decision) for step, _, decision in renewed])
    for step, policy_before, _ in renewed:
        step.policy = policy_before
    stamp_policy(services, store, [step for step, _, _ in renewed])


def _copy(store: Store, step: StepRow, decision: DecisionRow) -> DecisionRow:
    return DecisionRow(
        workspace=store.workspace,
        step_id=step.id,
        slack_user=decision.slack_user,
        npm_user=decision.npm_user,
        approved=True,
        reason=decision.reason,
        fingerprint=step.fingerprint,
        at=decision.at,
    )


def _let_run(
    services: Services, store: Store, steps: Sequence[StepRow], facts: dict[int, StepFacts], person: Person
) -> Message:
    """Let run what is approved; nothing comes unasked, so an executor who pressed nothing is asked first."""
    directory, now = load_directory(services, store), services.clock.now()
    met = [step for step in steps if approvals_missing(facts[step.id], directory) == 0]
    executors: dict[str, StepRow] = {}
    for step in met:
        candidates = executors_of(facts[step.id], directory)
        step.executor = person.id if person.id in candidates else next(iter(candidates), "")
        event = step_events.Approved(quorum_met=True, account_usable=bool(candidates))
        transitions.move(store, step, event, actor=person.id, now=now)
        executors.setdefault(step.executor, step)
    for executor, step in executors.items():
        link = store.links.find_linked(executor)
        if link is None:
            continue
        if executor == person.id:
            set_present(store, link, now)
        else:
            ask_to_come(store, link, step, now)
    number = store.change_sets.load(steps[0].change_set_id).number
    first = next(iter(executors), "")
    return render_set_up_again(
        number,
        packages=len(steps),
        review=len(steps) - len(met),
        executor=first,
        is_own=first == person.id,
    )
