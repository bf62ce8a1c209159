"""Who may do what: the rules of approval, as functions of values. `bot.workflow.authorise` loads what they look at."""

from collections.abc import Mapping
from enum import StrEnum
from typing import assert_never

from bot.domain.policy import MAINTAINERS
from bot.domain.reviewers import (
    Approval,
    Directory,
    Reviewers,
    StepFacts,
    approvals_missing,
    approvers_of,
    can_write,
    executors_of,
    reviewers_of,
    unknown_groups,
)
from bot.domain.values import Frozen

__all__ = [
    "Action",
    "Approval",
    "Denial",
    "Directory",
    "Person",
    "Reviewers",
    "Stake",
    "StepFacts",
    "approvals_missing",
    "approvers_of",
    "check_link_confirmation",
    "check_person",
    "check_stake",
    "check_step_action",
    "executors_of",
    "people_of_stake",
    "reviewers_of",
    "unknown_groups",
]


class Person(Frozen):
    """Somebody in Slack, as Slack tells it now."""

    id: str
    name: str = ""
    email: str = ""
    active: bool = True
    is_bot: bool = False
    is_guest: bool = False
    same_workspace: bool = True
    timezone: str = ""
    """`Europe/Paris`; empty where Slack does not tell."""


class Action(StrEnum):
    """What every button, command, form and the lane ask leave for."""

    STAGE = "stage"
    APPROVE = "approve"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    CANCEL = "cancel"
    PAUSE = "pause"
    RESUME = "resume"
    RETRY = "retry"
    """Ask for what has failed in a change set once more."""
    READ_RECORD = "read_record"
    LOOK = "look"
    RUN_WITH_MY_ACCOUNT = "run_with_my_account"
    EXECUTE = "execute"
    LINK_ACCOUNT = "link_account"
    CONFIRM_LINK = "confirm_link"
    COVER = "cover"
    """Read public data for everybody in a channel."""
    WATCH = "watch"
    UNWATCH = "unwatch"
    PUT_ASIDE = "put_aside"
    """Snooze a package of a digest, say that it is not published any more, or take that back."""
    ACKNOWLEDGE = "acknowledge"
    DIAGNOSE = "diagnose"
    FREEZE = "freeze"
    """Stop every call to npm, or let them go on."""


class Denial(StrEnum):
    """Why not. `bot.messages.decisions` says it to the person, with the way out."""

    NOT_ACTIVE = "not_active"
    GUEST = "guest"
    BOT = "bot"
    OTHER_WORKSPACE = "other_workspace"
    OWN_REQUEST = "own_request"
    NOT_A_REVIEWER = "not_a_reviewer"
    NOT_LINKED = "not_linked"
    LINK_PENDING = "link_pending"
    NOT_YOURS = "not_yours"
    NOT_AN_ADMIN = "not_an_admin"
    OWN_LINK = "own_link"
    CHANGED = "changed"
    NEEDS_LOOK = "needs_look"
    NOT_APPROVED = "not_approved"
    CANNOT_WRITE = "cannot_write"
    EXPIRED = "expired"
    FORBIDDEN = "forbidden"
    """The policy in force does not let it be done, whoever approves."""
    POLICY_CHANGED = "policy_changed"
    GROUP_UNKNOWN = "group_unknown"
    """Slack does not tell who is in a user group that decides."""


class Stake(Frozen):
    """Whom something is about that is no step: a watch, a package of a digest, an alarm."""

    maintainers: tuple[str, ...] = ()
    """npm users."""
    set_by: tuple[str, ...] = ()
    """Slack ids of who set the watch."""


def check_person(person: Person) -> Denial | None:
    """Refuse who is no active full member of this workspace."""
    if not person.active:
        return Denial.NOT_ACTIVE
    if person.is_bot:
        return Denial.BOT
    if not person.same_workspace:
        return Denial.OTHER_WORKSPACE
    return Denial.GUEST if person.is_guest else None


def check_step_action(action: Action, person: str, facts: StepFacts, directory: Directory) -> Denial | None:
    """Tell why somebody may not do something to a step; None when they may."""
    match action:
        case Action.CANCEL | Action.PAUSE | Action.RESUME | Action.RETRY | Action.WITHDRAW:
            return None if person in _people_with_part(action, facts, directory) else Denial.NOT_YOURS
        case Action.EXECUTE:
            return _check_execution(person, facts, directory)
        case Action.LOOK if person == facts.requester and can_write(person, facts, directory):
            return None
        case Action.RUN_WITH_MY_ACCOUNT if _may_lend(person, facts, directory):
            denial = None
        case Action.APPROVE | Action.REJECT | Action.LOOK | Action.RUN_WITH_MY_ACCOUNT:
            denial = _check_reviewer(person, facts, directory)
        case (
            Action.STAGE
            | Action.LINK_ACCOUNT
            | Action.CONFIRM_LINK
            | Action.COVER
            | Action.WATCH
            | Action.UNWATCH
            | Action.PUT_ASIDE
            | Action.ACKNOWLEDGE
            | Action.DIAGNOSE
            | Action.FREEZE
            | Action.READ_RECORD
        ):
            raise ValueError(f"{action} is no action on a step")
        case _:  # pragma: no cover
            assert_never(action)
    if denial:
        return denial
    if action in {Action.APPROVE, Action.RUN_WITH_MY_ACCOUNT} and (denial := _check_content(facts)):
        return denial
    if action is Action.RUN_WITH_MY_ACCOUNT and not can_write(person, facts, directory):
        return Denial.CANNOT_WRITE
    return None


def _people_with_part(action: Action, facts: StepFacts, directory: Directory) -> frozenset[str]:
    """Tell who may end a request (who asked, the admins), hold it up (who reviews, too), or take back an approval."""
    if action is Action.WITHDRAW:
        return frozenset(approval.person for approval in facts.approvals)
    reviewers = () if action is Action.CANCEL else reviewers_of(facts, directory).people
    return frozenset({facts.requester, *reviewers}) | directory.admins


def check_link_confirmation(person: str, owner: str, directory: Directory) -> Denial | None:
    """Only another person among the admins proves that a Slack person is an npm user."""
    if person not in directory.admins:
        return Denial.NOT_AN_ADMIN
    return Denial.OWN_LINK if person == owner else None


_STAKES: Mapping[Action, tuple[bool, bool]] = {
    Action.UNWATCH: (False, True),
    Action.PUT_ASIDE: (True, True),
    Action.ACKNOWLEDGE: (True, False),
    Action.DIAGNOSE: (False, False),
    Action.FREEZE: (False, False),
    Action.READ_RECORD: (True, True),
}
"""Whether the linked maintainers may, and who set the watch. The admins may all of it."""


def people_of_stake(action: Action, stake: Stake, directory: Directory) -> tuple[str, ...]:
    """Tell who may do something to what is no step: Slack ids, who is nearest to it first."""
    maintainers_may, setter_may = _STAKES.get(action, (False, False))
    linked = [directory.slack_user_of(name) for name in stake.maintainers] if maintainers_may else []
    setters = stake.set_by if setter_may else ()
    admins = sorted(directory.admins) if action in _STAKES else []
    return tuple(dict.fromkeys(person for person in (*linked, *setters, *admins) if person))


def check_stake(action: Action, person: str, stake: Stake, directory: Directory) -> Denial | None:
    """Tell why somebody may not do something to what is no step; None when they may."""
    if person in people_of_stake(action, stake, directory):
        return None
    return Denial.LINK_PENDING if stake.maintainers and person in directory.pending else Denial.NOT_YOURS


def _check_reviewer(person: str, facts: StepFacts, directory: Directory) -> Denial | None:
    if person in reviewers_of(facts, directory).people and not _is_denied_unknown(facts, directory):
        return None
    if person == facts.requester:
        return Denial.OWN_REQUEST
    if facts.policy.deny or facts.policy.is_missing:
        return Denial.FORBIDDEN
    if unknown_groups(facts, directory):
        return Denial.GROUP_UNKNOWN
    if MAINTAINERS in facts.policy.reviewers and person not in directory.npm_users:
        return Denial.LINK_PENDING if person in directory.pending else Denial.NOT_LINKED
    return Denial.NOT_A_REVIEWER


def _is_denied_unknown(facts: StepFacts, directory: Directory) -> bool:
    """Anybody may be in a group that the policy leaves out and that Slack does not tell of."""
    return any(f"!{group}" in facts.policy.reviewers for group in unknown_groups(facts, directory))


def _check_content(facts: StepFacts) -> Denial | None:
    """Refuse what nobody may approve as it is now."""
    if facts.deadline_passed:
        return Denial.EXPIRED
    if facts.is_forbidden:
        return Denial.FORBIDDEN
    if facts.decided_under not in {"", facts.policy.fingerprint}:
        return Denial.POLICY_CHANGED
    return Denial.NEEDS_LOOK if facts.needs_look else None


def _may_lend(person: str, facts: StepFacts, directory: Directory) -> bool:
    """A quorum of people without npm accounts: somebody who can write, and did not ask, makes the call for them."""
    has_quorum = not approvals_missing(facts, directory)
    return has_quorum and person != facts.requester and can_write(person, facts, directory)


def _check_execution(person: str, facts: StepFacts, directory: Directory) -> Denial | None:
    if denial := _check_content(facts):
        return denial
    if unknown_groups(facts, directory):
        return Denial.GROUP_UNKNOWN
    return None if person in executors_of(facts, directory) else Denial.NOT_APPROVED
