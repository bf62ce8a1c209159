"""Who may do what: the rules of approval, as functions of values. `bot.workflow.authorise` loads what they look at."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import assert_never

from bot.domain.values import Frozen


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


class Reviewers(Frozen):
    """Who may decide on a step."""

    people: tuple[str, ...] = ()
    """Slack ids, never the requester's."""
    unlinked: tuple[str, ...] = ()
    """npm users who maintain the package and whom nobody is proven to be."""
    are_admins: bool = False
    """The requester is the only maintainer."""


class StepFacts(Frozen):
    """What the rules look at, of one step."""

    requester: str
    maintainers: tuple[str, ...]
    """npm users."""
    fingerprint: str
    approvals: tuple[tuple[str, str], ...] = ()
    """Slack id and fingerprint of each approval that was not withdrawn, oldest first."""
    needs_look: bool = False
    executor: str = ""
    deadline_passed: bool = False


class Stake(Frozen):
    """Whom something is about that is no step: a watch, a package of a digest, an alarm."""

    maintainers: tuple[str, ...] = ()
    """npm users."""
    set_by: tuple[str, ...] = ()
    """Slack ids of who set the watch."""


class Directory(Frozen):
    """Who is who: the proven account links and the admins."""

    npm_users: Mapping[str, str]
    """By Slack id."""
    pending: frozenset[str] = frozenset()
    """Slack ids whose link is not proven."""
    admins: frozenset[str] = frozenset()

    def slack_user_of(self, npm_user: str) -> str:
        """Tell who an npm user is proven to be; empty when nobody."""
        return next((person for person, name in self.npm_users.items() if name == npm_user), "")


QUORUM = 1
"""How many distinct people must approve where no policy says otherwise."""


def reviewers_of(facts: StepFacts, directory: Directory) -> Reviewers:
    """Tell who reviews: the other maintainers; the admins where the requester is the only one."""
    own = directory.npm_users.get(facts.requester)
    others = tuple(name for name in facts.maintainers if name != own)
    if facts.maintainers and not others:
        return Reviewers(people=tuple(sorted(directory.admins - {facts.requester})), are_admins=True)
    found = {name: directory.slack_user_of(name) for name in others}
    return Reviewers(
        people=tuple(person for person in found.values() if person),
        unlinked=tuple(name for name, person in found.items() if not person),
    )


def approvers_of(facts: StepFacts, directory: Directory) -> tuple[str, ...]:
    """Tell whose approval counts now: reviewers who approved exactly this content, each once, oldest first."""
    reviewers = reviewers_of(facts, directory).people
    agreed = (person for person, fingerprint in facts.approvals if fingerprint == facts.fingerprint)
    return tuple(dict.fromkeys(person for person in agreed if person in reviewers))


def approvals_missing(facts: StepFacts, directory: Directory) -> int:
    """Tell how many more people must approve."""
    return max(0, QUORUM - len(approvers_of(facts, directory)))


def executors_of(facts: StepFacts, directory: Directory, tried: Iterable[str] = ()) -> tuple[str, ...]:
    """Tell whose npm account may make the call, the best first: who completed the quorum is present.

    The requester's own account is used only where no approver can write.
    """
    if approvals_missing(facts, directory):
        return ()
    writers = [person for person in reversed(approvers_of(facts, directory)) if _can_write(person, facts, directory)]
    if not writers and _can_write(facts.requester, facts, directory):
        writers = [facts.requester]
    refused = set(tried)
    return tuple(person for person in writers if directory.npm_users[person] not in refused)


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
        case Action.CANCEL:
            return None if person == facts.requester or person in directory.admins else Denial.NOT_YOURS
        case Action.WITHDRAW:
            return None if any(person == approver for approver, _ in facts.approvals) else Denial.NOT_YOURS
        case Action.EXECUTE:
            return _check_execution(person, facts, directory)
        case Action.LOOK if person == facts.requester and _can_write(person, facts, directory):
            return None
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
        ):
            raise ValueError(f"{action} is no action on a step")
        case _:  # pragma: no cover
            assert_never(action)
    if denial:
        return denial
    if action in {Action.APPROVE, Action.RUN_WITH_MY_ACCOUNT} and facts.needs_look:
        return Denial.NEEDS_LOOK
    if action is Action.RUN_WITH_MY_ACCOUNT and not _can_write(person, facts, directory):
        return Denial.CANNOT_WRITE
    return None


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
    if person == facts.requester:
        return Denial.OWN_REQUEST
    if person in reviewers_of(facts, directory).people:
        return None
    if person in directory.pending:
        return Denial.LINK_PENDING
    return Denial.NOT_A_REVIEWER if person in directory.npm_users else Denial.NOT_LINKED


def _check_execution(person: str, facts: StepFacts, directory: Directory) -> Denial | None:
    if facts.deadline_passed:
        return Denial.EXPIRED
    if facts.needs_look:
        return Denial.NEEDS_LOOK
    return None if person in executors_of(facts, directory) else Denial.NOT_APPROVED


def _can_write(person: str, facts: StepFacts, directory: Directory) -> bool:
    npm_user = directory.npm_users.get(person)
    return bool(npm_user) and npm_user in facts.maintainers
