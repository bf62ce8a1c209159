"""A policy that changed: steps that were decided under another go back to review, with the difference."""

from collections.abc import Iterable

from pydantic import ValidationError

from bot.domain.approval import Directory, StepFacts, approvals_missing, unknown_groups
from bot.domain.policy import PackagePolicy
from bot.messages.policy import difference_words, place
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.authorise import load_all_step_facts
from bot.workflow.membership import refresh_for_press
from storage.models import ChangeSetRow, StepRow
from storage.store import Store

LEFT = "Somebody who approved is no active member of this Slack any more."
NO_REVIEWER = "Somebody who approved is no reviewer of it any more."


def stamp_policy(services: Services, store: Store, rows: Iterable[StepRow]) -> None:
    """Keep under which policy the first decision on steps falls."""
    found: dict[str, PackagePolicy] = {}
    for row in rows:
        policy = services.policies.current.policy_of(row.package)
        if not row.policy:
            row.policy = policy.fingerprint
            found[policy.fingerprint] = policy
    if found:
        store.policies.keep({fingerprint: policy.model_dump_json() for fingerprint, policy in found.items()})


def compare_policies(services: Services, store: Store, rows: Iterable[StepRow]) -> list[StepRow]:
    """Send steps back to review that were decided under another policy; what has begun is finished as approved.

    Returns:
        Those that went back.
    """
    current = services.policies.current
    found = [(row, current.policy_of(row.package)) for row in rows]
    stale = [(row, policy) for row, policy in found if row.policy not in {"", policy.fingerprint}]
    if not stale:
        return []
    kept = store.policies.load({row.policy for row, _ in stale})
    old = {fingerprint: _read(content) for fingerprint, content in kept.items()}
    differences = ((row, difference_words(old.get(row.policy), policy, file=current.file)) for row, policy in stale)
    return transitions.set_differences(store, differences, services.clock.now())


def _read(content: str) -> PackagePolicy | None:
    """Read a policy that was kept; None where another version of npmtrust wrote what this one does not know."""
    try:
        return PackagePolicy.model_validate_json(content)
    except ValidationError:
        return None


def recheck_waiting(
    services: Services, store: Store, change_set: ChangeSetRow, rows: Iterable[StepRow], directory: Directory
) -> None:
    """Send steps back to review that wait for an account, and whose approvals suffice no more."""
    waiting = [row for row in rows if transitions.waits_for_account(row)]
    if not waiting:
        return
    found = load_all_step_facts(services, store, change_set, waiting)
    void = [
        (row, why_void(facts, directory))
        for row in waiting
        if approvals_missing(facts := found[row.id], directory) and not unknown_groups(facts, directory)
    ]
    transitions.set_differences(store, void, services.clock.now())


async def refresh_for_offer(services: Services, offer: str) -> None:
    """Ask Slack who is in the user groups that decide on what a button stands for."""
    current = services.policies.current
    if not any(rule.named_groups for rule in current.rules):
        return

    def find(store: Store) -> list[PackagePolicy]:
        known = store.change_sets.find_offer(offer)
        steps = store.change_sets.load_steps(known.change_set_id) if known else []
        return [current.policy_of(package) for package in {step.package for step in steps}]

    await refresh_for_press(services, await services.database.run(find))


def rule_of(services: Services, package: str) -> str:
    """Name where the rule of a package stands, as markup; empty without a policy."""
    current = services.policies.current
    return place(current.policy_of(package), current.file) if current.file else ""


def why_void(facts: StepFacts, directory: Directory) -> str:
    """Say why the approvals of a step suffice no more, for the difference that is shown."""
    agreed = [one for one in facts.approvals if one.fingerprint == facts.fingerprint]
    if any(one.person in directory.gone for one in agreed):
        return LEFT
    owned = (one for one in agreed if one.npm_user)
    is_closed = any(directory.npm_users.get(one.person) != one.npm_user for one in owned)
    return transitions.LINK_CLOSED if is_closed or not approvals_missing(facts, directory) else NO_REVIEWER
