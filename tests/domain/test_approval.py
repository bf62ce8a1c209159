import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.approval import (
    Action,
    Denial,
    Directory,
    Person,
    Stake,
    StepFacts,
    approvals_missing,
    approvers_of,
    check_link_confirmation,
    check_person,
    check_stake,
    check_step_action,
    executors_of,
    people_of_stake,
    reviewers_of,
)

ASKS, OWNS, OWNS_TOO, ADMIN, STRANGER, PENDING = "U0ASKS", "U0OWNS", "U0OWNSTOO", "U0ADMIN", "U0STRANGER", "U0PENDING"
DIRECTORY = Directory(
    npm_users={ASKS: "asks", OWNS: "owns", OWNS_TOO: "owns-too", STRANGER: "stranger"},
    pending=frozenset({PENDING}),
    admins=frozenset({ADMIN, ASKS}),
)


def facts(
    maintainers: tuple[str, ...] = ("owns", "owns-too", "nobody-here"),
    approvals: tuple[tuple[str, str], ...] = (),
    *,
    needs_look: bool = False,
    deadline_passed: bool = False,
) -> StepFacts:
    return StepFacts(
        requester=ASKS,
        maintainers=maintainers,
        fingerprint="now",
        approvals=approvals,
        needs_look=needs_look,
        deadline_passed=deadline_passed,
    )


APPROVED = ((OWNS, "now"),)
ALONE = ("asks",)


def test_the_linked_maintainers_review_and_the_others_are_named() -> None:
    found = reviewers_of(facts(), DIRECTORY)
    assert (found.people, found.unlinked, found.are_admins) == ((OWNS, OWNS_TOO), ("nobody-here",), False)


def test_the_requester_does_not_review_what_they_maintain_themself() -> None:
    assert reviewers_of(facts(("asks", "owns")), DIRECTORY).people == (OWNS,)


def test_the_admins_review_for_the_only_maintainer_but_never_the_requester() -> None:
    found = reviewers_of(facts(ALONE), DIRECTORY)
    assert (found.people, found.are_admins) == ((ADMIN,), True)


def test_nobody_reviews_a_package_without_maintainers() -> None:
    assert reviewers_of(facts(()), DIRECTORY).people == ()
    assert approvals_missing(facts((), APPROVED), DIRECTORY) == 1


@pytest.mark.parametrize("action", [Action.PAUSE, Action.RESUME, Action.RETRY])
def test_who_has_a_part_in_a_request_may_hold_it_up_and_ask_for_it_once_more(action: Action) -> None:
    may = [person for person in (*DIRECTORY.npm_users, PENDING, ADMIN) if not deny(action, person)]
    assert may == [ASKS, OWNS, OWNS_TOO, ADMIN]
    assert deny(action, STRANGER) is Denial.NOT_YOURS


def deny(action: Action, person: str) -> Denial | None:
    return check_step_action(action, person, facts(), DIRECTORY)


@pytest.mark.parametrize(
    ("approvals", "counted"),
    [
        ((), ()),
        (APPROVED, (OWNS,)),
        (APPROVED * 2, (OWNS,)),
        # Each is bound to the content that was seen.
        (((OWNS, "before"),), ()),
        # Who is no reviewer (any more) does not count: a stranger, the requester, a link that is not proven.
        (((STRANGER, "now"), (ASKS, "now"), (PENDING, "now")), ()),
        (((OWNS_TOO, "now"), (OWNS, "now")), (OWNS_TOO, OWNS)),
    ],
)
def test_an_approval_counts_once_from_a_reviewer_for_this_content(
    approvals: tuple[tuple[str, str], ...], counted: tuple[str, ...]
) -> None:
    assert approvers_of(facts(approvals=approvals), DIRECTORY) == counted
    assert approvals_missing(facts(approvals=approvals), DIRECTORY) == (0 if counted else 1)


def test_who_completed_the_quorum_executes_and_the_next_approver_after_a_refusal() -> None:
    both = facts(approvals=((OWNS_TOO, "now"), (OWNS, "now")))
    assert executors_of(both, DIRECTORY) == (OWNS, OWNS_TOO)
    assert executors_of(both, DIRECTORY, tried=["owns"]) == (OWNS_TOO,)


def test_the_requesters_account_executes_only_where_no_approver_can_write() -> None:
    assert executors_of(facts(ALONE, ((ADMIN, "now"),)), DIRECTORY) == (ASKS,)
    assert executors_of(facts(("asks", "owns"), APPROVED), DIRECTORY) == (OWNS,)
    unlinked = DIRECTORY.model_copy(update={"npm_users": {OWNS: "owns"}})
    assert executors_of(facts(ALONE, ((ADMIN, "now"),)), unlinked) == ()


def test_no_account_is_used_before_the_quorum_is_met() -> None:
    assert executors_of(facts(), DIRECTORY) == ()


REVIEWS = (Action.APPROVE, Action.REJECT, Action.LOOK, Action.RUN_WITH_MY_ACCOUNT)


@pytest.mark.parametrize("action", REVIEWS)
@pytest.mark.parametrize(
    ("person", "denial"),
    [
        (OWNS, None),
        (ASKS, Denial.OWN_REQUEST),
        (STRANGER, Denial.NOT_A_REVIEWER),
        (PENDING, Denial.LINK_PENDING),
        (ADMIN, Denial.NOT_LINKED),
        ("U0NOBODY", Denial.NOT_LINKED),
    ],
)
def test_reviewing_is_for_reviewers(action: Action, person: str, denial: Denial | None) -> None:
    assert check_step_action(action, person, facts(), DIRECTORY) == denial


@pytest.mark.parametrize(
    ("action", "person", "given_facts", "denial"),
    [
        # What was not read cannot be approved, but be looked at and rejected.
        (Action.APPROVE, OWNS, facts(needs_look=True), Denial.NEEDS_LOOK),
        (Action.RUN_WITH_MY_ACCOUNT, OWNS, facts(needs_look=True), Denial.NEEDS_LOOK),
        (Action.REJECT, OWNS, facts(needs_look=True), None),
        (Action.LOOK, OWNS, facts(needs_look=True), None),
        # The requester may look with an own account that can write, and decides nothing.
        (Action.LOOK, ASKS, facts(("asks", "owns")), None),
        (Action.LOOK, ASKS, facts(), Denial.OWN_REQUEST),
        # An admin approves for the only maintainer, and has no account to lend.
        (Action.APPROVE, ADMIN, facts(ALONE), None),
        (Action.RUN_WITH_MY_ACCOUNT, ADMIN, facts(ALONE), Denial.CANNOT_WRITE),
        # Cancelling is for who asked, and admins.
        (Action.CANCEL, ASKS, facts(), None),
        (Action.CANCEL, ADMIN, facts(), None),
        (Action.CANCEL, OWNS, facts(), Denial.NOT_YOURS),
        # Withdrawing is for who approved.
        (Action.WITHDRAW, OWNS, facts(approvals=APPROVED), None),
        (Action.WITHDRAW, OWNS_TOO, facts(approvals=APPROVED), Denial.NOT_YOURS),
        # The lane asks again just before the call.
        (Action.EXECUTE, OWNS, facts(approvals=APPROVED), None),
        (Action.EXECUTE, OWNS_TOO, facts(approvals=APPROVED), Denial.NOT_APPROVED),
        (Action.EXECUTE, OWNS, facts(), Denial.NOT_APPROVED),
        (Action.EXECUTE, OWNS, facts(approvals=APPROVED, deadline_passed=True), Denial.EXPIRED),
        (Action.EXECUTE, OWNS, facts(approvals=APPROVED, needs_look=True), Denial.NEEDS_LOOK),
    ],
)
def test_each_action_has_its_rule(action: Action, person: str, given_facts: StepFacts, denial: Denial | None) -> None:
    assert check_step_action(action, person, given_facts, DIRECTORY) == denial


STAKES = (Action.UNWATCH, Action.PUT_ASIDE, Action.ACKNOWLEDGE)
STEPLESS = (Action.STAGE, Action.LINK_ACCOUNT, Action.CONFIRM_LINK, Action.WATCH, Action.COVER, *STAKES)


@pytest.mark.parametrize("action", STEPLESS)
def test_what_is_not_done_to_a_step_is_no_action_on_it(action: Action) -> None:
    with pytest.raises(ValueError, match="no action on a step"):
        check_step_action(action, OWNS, facts(), DIRECTORY)


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
def test_only_active_full_members_of_the_workspace_act(person: Person, denial: Denial | None) -> None:
    assert check_person(person) == denial


@pytest.mark.parametrize(
    ("person", "owner", "denial"),
    [
        (ADMIN, STRANGER, None),
        (ADMIN, ADMIN, Denial.OWN_LINK),
        (OWNS, STRANGER, Denial.NOT_AN_ADMIN),
        (STRANGER, STRANGER, Denial.NOT_AN_ADMIN),
    ],
)
def test_an_account_link_is_confirmed_by_another_admin(person: str, owner: str, denial: Denial | None) -> None:
    assert check_link_confirmation(person, owner, DIRECTORY) == denial


STAKE = Stake(maintainers=("owns", "nobody-here"), set_by=("U0SETBY",))


@pytest.mark.parametrize(
    ("action", "person", "denial"),
    [
        # Who set a watch ends it; who maintains a package that it shows does not.
        (Action.UNWATCH, "U0SETBY", None),
        (Action.UNWATCH, OWNS, Denial.NOT_YOURS),
        # A package of a digest is put aside by both.
        (Action.PUT_ASIDE, "U0SETBY", None),
        (Action.PUT_ASIDE, OWNS, None),
        # An alarm is acknowledged by who maintains the package.
        (Action.ACKNOWLEDGE, OWNS, None),
        (Action.ACKNOWLEDGE, "U0SETBY", Denial.NOT_YOURS),
        (Action.ACKNOWLEDGE, STRANGER, Denial.NOT_YOURS),
        (Action.ACKNOWLEDGE, OWNS_TOO, Denial.NOT_YOURS),
        (Action.ACKNOWLEDGE, PENDING, Denial.LINK_PENDING),
        # What has no stake is for nobody.
        (Action.STAGE, OWNS, Denial.NOT_YOURS),
        (Action.STAGE, ADMIN, Denial.NOT_YOURS),
    ],
)
def test_what_is_no_step_is_for_who_has_a_stake_in_it(action: Action, person: str, denial: Denial | None) -> None:
    assert check_stake(action, person, STAKE, DIRECTORY) == denial


@pytest.mark.parametrize("action", STAKES)
def test_admins_may_all_of_it_and_without_anybody_nobody_may(action: Action) -> None:
    assert check_stake(action, ADMIN, Stake(), DIRECTORY) is None
    assert people_of_stake(action, Stake(maintainers=("",)), Directory(npm_users={OWNS: "owns"})) == ()


def test_what_has_no_stake_has_nobody_whoever_set_it() -> None:
    assert people_of_stake(Action.APPROVE, STAKE, DIRECTORY) == ()


def test_who_is_nearest_to_it_is_named_first() -> None:
    assert people_of_stake(Action.PUT_ASIDE, STAKE, DIRECTORY) == (OWNS, "U0SETBY", ADMIN, ASKS)


PEOPLE = [ASKS, OWNS, OWNS_TOO, ADMIN, STRANGER, PENDING, "U0NOBODY"]


@given(
    maintainers=st.lists(st.sampled_from(["asks", "owns", "owns-too", "stranger", "nobody-here", ""]), unique=True),
    approvals=st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(["now", "before"]))),
    linked=st.dictionaries(st.sampled_from(PEOPLE), st.sampled_from(["asks", "owns", "owns-too", "stranger"])),
    admins=st.frozensets(st.sampled_from(PEOPLE)),
)
def test_no_call_is_made_without_another_persons_approval_of_this_content(
    maintainers: list[str],
    approvals: list[tuple[str, str]],
    linked: dict[str, str],
    admins: frozenset[str],
) -> None:
    directory = Directory(npm_users=linked, admins=admins)
    step = facts(tuple(maintainers), tuple(approvals))
    executors = executors_of(step, directory)
    agreed = [person for person, fingerprint in approvals if fingerprint == "now"]
    for person in executors:
        assert linked[person] in maintainers
        assert any(other != ASKS for other in agreed)
        assert person in agreed or person == ASKS
        assert check_step_action(Action.EXECUTE, person, step, directory) is None
