"""Who decides under a policy: the matrix of who may do what, and how approvals are counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.approval import (
    Action,
    Approval,
    Denial,
    Directory,
    Person,
    StepFacts,
    approvals_missing,
    approvers_of,
    check_person,
    check_step_action,
    executors_of,
    reviewers_of,
    unknown_groups,
)
from bot.domain.policy import PackagePolicy
from bot.domain.reviewers import is_alone, is_requester

ASKS, OWNS, OWNS_TOO, ADMIN, STRANGER = "U0ASKS", "U0OWNS", "U0OWNSTOO", "U0ADMIN", "U0STRANGER"
MEMBER, MEMBER_TOO, LEFT, PENDING = "U0MEMBER", "U0MEMBERTOO", "U0LEFT", "U0PENDING"
DIRECTORY = Directory(
    npm_users={ASKS: "asks", OWNS: "owns", OWNS_TOO: "owns-too", STRANGER: "stranger", LEFT: "left"},
    pending=frozenset({PENDING}),
    admins=frozenset({ADMIN}),
    groups={"S0TEAM": frozenset({MEMBER, MEMBER_TOO, ASKS})},
    gone=frozenset({LEFT}),
)
OWNERS = PackagePolicy(reviewers=("maintainers",), quorum=2, repositories=("*",), line=1)
TEAM = PackagePolicy(reviewers=("S0TEAM",), quorum=1, repositories=("*",), line=1)


def facts(policy: PackagePolicy = OWNERS, *approvals: Approval, **more: object) -> StepFacts:
    maintainers = ("owns", "owns-too", "left", "nobody-here")
    found = StepFacts(requester=ASKS, maintainers=maintainers, fingerprint="now", approvals=approvals, policy=policy)
    return found.model_copy(update=more)


def approved(person: str, fingerprint: str = "now") -> Approval:
    return Approval(person, fingerprint, DIRECTORY.npm_users.get(person, ""))


YES = None
OWN, NOT, LINK, WAIT = Denial.OWN_REQUEST, Denial.NOT_A_REVIEWER, Denial.NOT_LINKED, Denial.LINK_PENDING
MINE = Denial.NOT_YOURS
MATRIX: dict[str, tuple[str, tuple[Denial | None, ...]]] = {
    # role: who, and what stands against approve, reject, look, run with the own account, cancel
    "requester": (ASKS, (OWN, OWN, OWN, OWN, YES)),
    "reviewer": (OWNS, (YES, YES, YES, YES, MINE)),
    "quorum member": (OWNS_TOO, (YES, YES, YES, YES, MINE)),
    "admin": (ADMIN, (LINK, LINK, LINK, LINK, YES)),
    "stranger": (STRANGER, (NOT, NOT, NOT, NOT, MINE)),
    "unlinked": (MEMBER, (LINK, LINK, LINK, LINK, MINE)),
    "pending link": (PENDING, (WAIT, WAIT, WAIT, WAIT, MINE)),
    "deactivated": (LEFT, (NOT, NOT, NOT, NOT, MINE)),
}
ACTIONS = (Action.APPROVE, Action.REJECT, Action.LOOK, Action.RUN_WITH_MY_ACCOUNT, Action.CANCEL)
STATES: dict[str, tuple[dict[str, object], dict[Action, Denial]]] = {
    # state: what is so, and what stands against an action for whom nothing else does
    "in review": ({}, {}),
    "approved by one": ({"approvals": (approved(OWNS),)}, {}),
    "approved before it changed": ({"approvals": (approved(OWNS, "before"),)}, {}),
    "not read": (
        {"needs_look": True},
        {Action.APPROVE: Denial.NEEDS_LOOK, Action.RUN_WITH_MY_ACCOUNT: Denial.NEEDS_LOOK},
    ),
    "expired": (
        {"deadline_passed": True},
        {Action.APPROVE: Denial.EXPIRED, Action.RUN_WITH_MY_ACCOUNT: Denial.EXPIRED},
    ),
    "forbidden by now": (
        {"is_forbidden": True},
        {Action.APPROVE: Denial.FORBIDDEN, Action.RUN_WITH_MY_ACCOUNT: Denial.FORBIDDEN},
    ),
    "decided under another policy": (
        {"decided_under": "another"},
        {Action.APPROVE: Denial.POLICY_CHANGED, Action.RUN_WITH_MY_ACCOUNT: Denial.POLICY_CHANGED},
    ),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("role", MATRIX)
def test_each_role_may_do_in_each_state_what_the_matrix_says(role: str, state: str) -> None:
    person, answers = MATRIX[role]
    change, against = STATES[state]
    found = facts().model_copy(update=change)
    told = [check_step_action(action, person, found, DIRECTORY) for action in ACTIONS]
    expected = [answer or against.get(action) for action, answer in zip(ACTIONS, answers, strict=True)]
    assert told == expected


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("role", MATRIX)
def test_nobody_executes_what_lacks_its_approvals(role: str, state: str) -> None:
    change, _ = STATES[state]
    found = facts().model_copy(update=change)
    assert check_step_action(Action.EXECUTE, MATRIX[role][0], found, DIRECTORY) is not None


@pytest.mark.parametrize(
    ("person", "denial"),
    [
        (Person(id=OWNS), None),
        (Person(id=OWNS, active=False), Denial.NOT_ACTIVE),
        (Person(id=OWNS, is_bot=True), Denial.BOT),
        (Person(id=OWNS, is_guest=True), Denial.GUEST),
        (Person(id=OWNS, same_workspace=False), Denial.OTHER_WORKSPACE),
    ],
)
def test_who_is_no_full_member_may_nothing_whatever_their_role(person: Person, denial: Denial | None) -> None:
    assert check_person(person) is denial


def test_who_has_left_is_named_and_not_waited_for() -> None:
    found = reviewers_of(facts(), DIRECTORY)
    assert (found.people, found.gone, found.unlinked) == ((OWNS, OWNS_TOO), (LEFT,), ("nobody-here",))
    assert approvers_of(facts(OWNERS, approved(LEFT), approved(OWNS)), DIRECTORY) == (OWNS,)
    assert LEFT not in executors_of(facts(OWNERS, approved(OWNS), approved(OWNS_TOO), approved(LEFT)), DIRECTORY)


def test_one_person_counts_once_by_either_name() -> None:
    moved = (Approval(OWNS, "now", "owns"), Approval(OWNS_TOO, "now", "owns"))  # the npm user changed hands
    assert approvers_of(facts(OWNERS, *moved), DIRECTORY) == (OWNS,)
    assert approvers_of(facts(OWNERS, approved(OWNS), approved(OWNS)), DIRECTORY) == (OWNS,)
    linked_later = (Approval(OWNS, "now", ""), Approval(OWNS_TOO, "now", "owns"))
    assert approvers_of(facts(OWNERS, *linked_later), DIRECTORY) == (OWNS,)
    unlinked = (approved(MEMBER), approved(MEMBER_TOO))
    assert approvers_of(facts(TEAM, *unlinked), DIRECTORY) == (MEMBER, MEMBER_TOO)
    assert approvals_missing(facts(OWNERS, approved(OWNS), approved(OWNS_TOO)), DIRECTORY) == 0


def test_a_group_is_the_quorum_and_who_can_write_makes_the_call() -> None:
    waiting = facts(TEAM, approved(MEMBER))
    assert reviewers_of(waiting, DIRECTORY).people == (MEMBER, MEMBER_TOO)  # not who asked
    assert executors_of(waiting, DIRECTORY) == ()
    assert check_step_action(Action.APPROVE, OWNS, waiting, DIRECTORY) is Denial.NOT_A_REVIEWER
    assert check_step_action(Action.RUN_WITH_MY_ACCOUNT, OWNS, waiting, DIRECTORY) is None
    assert check_step_action(Action.RUN_WITH_MY_ACCOUNT, MEMBER, waiting, DIRECTORY) is Denial.CANNOT_WRITE
    assert check_step_action(Action.RUN_WITH_MY_ACCOUNT, OWNS, facts(TEAM), DIRECTORY) is Denial.NOT_A_REVIEWER
    lent = facts(TEAM, approved(MEMBER), approved(OWNS))
    assert executors_of(lent, DIRECTORY) == (OWNS,)
    assert check_step_action(Action.EXECUTE, OWNS, lent, DIRECTORY) is None


def test_the_requesters_account_runs_only_where_no_other_who_approved_can_write() -> None:
    alone = facts(TEAM, approved(MEMBER), maintainers=("asks", "owns"))
    assert executors_of(alone, DIRECTORY) == (ASKS,)
    lent = facts(TEAM, approved(MEMBER), approved(OWNS), maintainers=("asks", "owns"))
    assert executors_of(lent, DIRECTORY) == (OWNS,)


def test_a_policy_may_let_requesters_approve_their_own() -> None:
    own = OWNERS.model_copy(update={"self_approval": True, "quorum": 1})
    asked = facts(own, maintainers=("asks", "owns"))
    assert reviewers_of(asked, DIRECTORY).people == (ASKS, OWNS)
    assert check_step_action(Action.APPROVE, ASKS, asked, DIRECTORY) is None
    agreed = facts(own, approved(ASKS), maintainers=("asks",))
    assert executors_of(agreed, DIRECTORY) == (ASKS,)
    both = facts(own, approved(OWNS), approved(ASKS), maintainers=("asks", "owns"))
    assert executors_of(both, DIRECTORY) == (ASKS, OWNS)


def test_one_maintainer_may_revoke_alone_and_it_shows() -> None:
    alone = TEAM.model_copy(update={"quorum": 3, "revoke_alone": True})
    revoke = facts(alone, maintainers=("asks", "owns"), is_revoke=True)
    assert check_step_action(Action.APPROVE, ASKS, revoke, DIRECTORY) is None
    done = revoke.model_copy(update={"approvals": (approved(ASKS),)})
    assert approvals_missing(done, DIRECTORY) == 0
    assert executors_of(done, DIRECTORY) == (ASKS,)
    assert is_alone(done, DIRECTORY)
    by_team = revoke.model_copy(update={"approvals": (approved(MEMBER),)})
    assert approvals_missing(by_team, DIRECTORY) == 2  # alone it has to be somebody who maintains it
    assert not is_alone(done.model_copy(update={"is_revoke": False}), DIRECTORY)
    assert not is_alone(revoke, DIRECTORY)
    assert is_alone(revoke.model_copy(update={"approvals": (approved(OWNS),)}), DIRECTORY)
    two = alone.model_copy(update={"quorum": 2})
    by_two = revoke.model_copy(update={"policy": two, "approvals": (approved(MEMBER), approved(MEMBER_TOO))})
    assert not is_alone(by_two, DIRECTORY)
    by_nobody_else = done.model_copy(update={"policy": alone.model_copy(update={"quorum": 1})})
    assert is_alone(by_nobody_else, DIRECTORY)


@pytest.mark.parametrize(
    ("requesters", "person", "may"),
    [
        (("*",), STRANGER, True),
        (("maintainers",), OWNS, True),
        (("maintainers",), STRANGER, False),
        (("maintainers",), MEMBER, False),  # not linked
        (("S0TEAM",), MEMBER, True),
        (("S0TEAM",), OWNS, False),
        ((OWNS_TOO,), OWNS_TOO, True),
        (("W0ELSEWHERE",), "W0ELSEWHERE", True),
        (("X0NOBODY",), "X0NOBODY", False),  # no id of a person
        (("*", f"!{OWNS}"), OWNS, False),
        (("maintainers", "!S0TEAM"), ASKS, False),
        ((), OWNS, False),
    ],
)
def test_who_may_ask_is_what_the_policy_says(requesters: tuple[str, ...], person: str, may: bool) -> None:  # noqa: FBT001
    policy = OWNERS.model_copy(update={"requesters": requesters})
    assert is_requester(person, ("owns", "asks"), policy, DIRECTORY) is may
    assert DIRECTORY.slack_user_of("owns") == OWNS
    assert DIRECTORY.slack_user_of("nobody-here") == ""


@pytest.mark.parametrize(
    ("reviewers", "person", "denial"),
    [
        (("S0UNKNOWN",), OWNS, Denial.GROUP_UNKNOWN),
        (("maintainers", "S0UNKNOWN"), OWNS, None),  # a reviewer anyway
        (("maintainers", "!S0UNKNOWN"), OWNS, Denial.GROUP_UNKNOWN),  # they may be left out
        (("maintainers", "!S0TEAM"), OWNS, None),
        (("S0TEAM", f"!{MEMBER}"), MEMBER, Denial.NOT_A_REVIEWER),
        ((OWNS, "maintainers", f"!{OWNS}"), OWNS, Denial.NOT_A_REVIEWER),
        ((), OWNS, Denial.NOT_A_REVIEWER),
    ],
)
def test_a_group_that_slack_does_not_tell_of_refuses(
    reviewers: tuple[str, ...], person: str, denial: Denial | None
) -> None:
    policy = OWNERS.model_copy(update={"reviewers": reviewers})
    assert check_step_action(Action.APPROVE, person, facts(policy), DIRECTORY) is denial


def test_a_call_waits_for_a_group_that_slack_does_not_tell_of() -> None:
    policy = OWNERS.model_copy(update={"reviewers": ("maintainers", "S0UNKNOWN")})
    found = facts(policy, approved(OWNS), approved(OWNS_TOO))
    assert unknown_groups(found, DIRECTORY) == ("S0UNKNOWN",)
    assert check_step_action(Action.EXECUTE, OWNS, found, DIRECTORY) is Denial.GROUP_UNKNOWN


@pytest.mark.parametrize("change", [{"deny": "no"}, {"is_missing": True}, {"quorum": 0}, {"reviewers": ()}])
def test_empty_means_that_no_number_of_approvals_suffices(change: dict[str, object]) -> None:
    policy = OWNERS.model_copy(update=change)
    found = facts(policy, *map(approved, (OWNS, OWNS_TOO, MEMBER, ASKS)))
    assert approvals_missing(found, DIRECTORY) >= 1
    assert executors_of(found, DIRECTORY) == ()
    denial = check_step_action(Action.APPROVE, OWNS, found, DIRECTORY)
    assert denial is (Denial.FORBIDDEN if {"deny", "is_missing"} & change.keys() else Denial.NOT_A_REVIEWER)


_PEOPLE = st.sampled_from([ASKS, OWNS, OWNS_TOO, ADMIN, STRANGER, MEMBER, MEMBER_TOO, LEFT, PENDING])
_APPROVALS = st.lists(
    st.builds(Approval, _PEOPLE, st.sampled_from(["now", "before"]), st.sampled_from(["", "owns", "x"])), max_size=8
)
_POLICIES = st.builds(
    PackagePolicy,
    reviewers=st.lists(
        st.sampled_from(["maintainers", "S0TEAM", "S0UNKNOWN", f"!{OWNS}", MEMBER, "!S0TEAM", LEFT]), max_size=4
    ).map(tuple),
    quorum=st.integers(0, 3),
    self_approval=st.booleans(),
    revoke_alone=st.booleans(),
    repositories=st.just(("*",)),
)


@given(_POLICIES, _APPROVALS, st.booleans())
def test_no_account_is_used_without_enough_distinct_others_who_may(
    policy: PackagePolicy,
    approvals: list[Approval],
    is_revoke: bool,  # noqa: FBT001
) -> None:
    found = facts(policy, *approvals, is_revoke=is_revoke)
    executors = executors_of(found, DIRECTORY)
    counted = approvers_of(found, DIRECTORY)
    for person in executors:
        assert DIRECTORY.npm_users[person] in found.maintainers
        assert person != LEFT
    if executors:
        allowed_alone = is_revoke and policy.revoke_alone
        assert len(counted) >= (1 if allowed_alone else policy.quorum) >= 1
        assert len(set(counted)) == len(counted)
        assert LEFT not in counted
        assert all(any(one.person == who and one.fingerprint == "now" for one in approvals) for who in counted)
        if not policy.self_approval and not allowed_alone:
            assert ASKS not in counted
        assert not any(f"!{who}" in policy.reviewers for who in counted)
