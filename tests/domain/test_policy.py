"""Which rule decides, and what it says of an operation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.operations import Create, Operation, Replace, Revoke
from bot.domain.packages import PackageName
from bot.domain.policy import NO_FILE, NO_POLICY, PackagePolicy, Policy, Unstated
from bot.domain.policy_rules import (
    Breach,
    check_operation,
    check_people,
    check_policy,
    check_unstated,
    default_permissions,
    is_allowed,
    place_of,
)
from bot.domain.publishers import CircleCI, GitHub, GitLab, Permission
from bot.domain.reviewers import Directory, StepFacts

UI = PackageName("@acme/ui")
ANYTHING = ("*",)
OPEN = PackagePolicy(reviewers=("maintainers",), quorum=1, repositories=ANYTHING, line=1, packages=("*",))


def rule(line: int, *packages: str, deny: str = "") -> PackagePolicy:
    return PackagePolicy(
        line=line, packages=packages, deny=deny, reviewers=("maintainers",), quorum=1, repositories=ANYTHING
    )


RULES = Policy(
    file="policy.toml",
    rules=(
        rule(1, "@acme/*", "!@acme/old-*"),
        rule(2, "@acme/ui"),
        rule(3, "@acme/frozen-*", deny="frozen"),
        rule(4, "@acme/frozen-ui"),
        rule(5, "left-pad"),
    ),
)


@pytest.mark.parametrize(
    ("package", "line"),
    [
        ("@acme/other", 1),
        ("@acme/ui", 2),  # the last that matches
        ("@acme/frozen-ui", 3),  # one that denies beats those after it
        ("@acme/old-ui", 0),  # left out again, and no other rule is about it
        ("@other/ui", 0),
        ("left-pad", 5),
    ],
)
def test_the_last_matching_rule_decides_and_a_denying_one_beats_all(package: str, line: int) -> None:
    found = RULES.policy_of(package)
    assert (found.line, found.is_missing) == (line, line == 0)


@given(st.lists(st.sampled_from(RULES.rules), max_size=6), st.sampled_from(["@acme/ui", "@acme/frozen-ui", "x"]))
def test_nothing_after_a_denying_rule_lets_anything_through(rules: list[PackagePolicy], package: str) -> None:
    policy = Policy(file="policy.toml", rules=tuple(rules))
    found = policy.policy_of(package)
    if RULES.rules[2] in rules and package == "@acme/frozen-ui":
        assert found.deny
    assert bool(check_policy(found)) == bool(found.deny or found.is_missing)


def test_without_a_file_the_maintainers_review_and_one_suffices() -> None:
    assert NO_FILE.policy_of("anything") is NO_POLICY
    assert not check_operation(create(), NO_POLICY)


def create(publisher: GitHub | GitLab | CircleCI | None = None, *permissions: Permission) -> Create:
    return Create(package=UI, publisher=publisher or github(), permissions=permissions or (Permission.PUBLISH,))


def github(repository: str = "acme/ui", file: str = "release.yml", environment: str = "") -> GitHub:
    return GitHub(repository=repository, file=file, environment=environment)


GITLAB = GitLab(project="acme/ui", file="release.yml")
CIRCLECI = CircleCI(org_id="o", project_id="p", pipeline_definition_id="pipeline-1", vcs_origin="github.com/acme/ui")


@pytest.mark.parametrize(
    ("change", "operation", "breaches"),
    [
        ({}, create(), []),
        # empty means no
        ({"reviewers": ()}, create(), [Breach.NO_REVIEWER]),
        ({"quorum": 0}, create(), [Breach.NO_QUORUM]),
        ({"reviewers": (), "quorum": 0}, create(), [Breach.NO_REVIEWER, Breach.NO_QUORUM]),
        ({"repositories": ()}, create(), [Breach.NO_REPOSITORY]),
        ({"providers": ()}, create(), [Breach.PROVIDER]),
        ({"workflow_files": ()}, create(), [Breach.WORKFLOW_FILE]),
        ({"permissions": ()}, create(), [Breach.PERMISSION]),
        ({"deny": "no"}, create(), [Breach.DENIED]),
        ({"is_missing": True}, create(), [Breach.NO_RULE]),
        # repositories
        ({"repositories": ("acme/*",)}, create(), []),
        ({"repositories": ("Acme/UI",)}, create(), []),  # GitHub does not tell capitals apart
        ({"repositories": ("acme/*",)}, create(github("evil/ui")), [Breach.REPOSITORY]),
        ({"repositories": ("acme/*", "!acme/ui")}, create(), [Breach.REPOSITORY]),
        ({"repositories": ("!acme/ui", "acme/*")}, create(), [Breach.REPOSITORY]),  # wherever it stands
        ({"repositories": ("acme/*",)}, create(GITLAB), [Breach.REPOSITORY]),  # another host's acme is another
        ({"repositories": ("gitlab.com/acme/*",)}, create(GITLAB), []),
        ({"repositories": ("gitlab.com/acme/*",)}, create(), [Breach.REPOSITORY]),
        ({"repositories": ("acme/*",)}, create(CIRCLECI), []),
        ({"repositories": ("acme/u*",)}, create(github("acme/ui")), []),
        # the rest of the publisher
        ({"providers": ("gitlab",)}, create(), [Breach.PROVIDER]),
        ({"workflow_files": ("release*.yml",)}, create(), []),
        ({"workflow_files": ("deploy.yml",)}, create(), [Breach.WORKFLOW_FILE]),
        ({"workflow_files": ("pipeline-*",)}, create(CIRCLECI), []),
        ({"environment_required": True}, create(), [Breach.ENVIRONMENT_MISSING]),
        ({"environment_required": True}, create(CIRCLECI), [Breach.ENVIRONMENT_MISSING]),
        ({"environment_required": True}, create(github(environment="prod")), []),
        ({"environments": ("prod",)}, create(github(environment="test")), [Breach.ENVIRONMENT]),
        ({"environments": ("prod",)}, create(), []),
        ({"permissions": ("stage",)}, create(), [Breach.PERMISSION]),
        ({"permissions": ("stage",)}, create(None, Permission.STAGE), []),
        # all that is wrong is told at once
        (
            {"repositories": ("a/b",), "permissions": ("stage",)},
            create(),
            [Breach.REPOSITORY, Breach.PERMISSION],
        ),
        # what is taken away may be anything
        ({"repositories": ()}, Revoke(package=UI, configuration_id="1"), []),
        ({"deny": "no"}, Revoke(package=UI, configuration_id="1"), [Breach.DENIED]),
        (
            {"repositories": ("acme/x",)},
            Replace(package=UI, publisher=github(), permissions=(Permission.PUBLISH,)),
            [Breach.REPOSITORY],
        ),
    ],
)
def test_what_a_rule_says_of_an_operation(
    change: dict[str, object], operation: Operation, breaches: list[Breach]
) -> None:
    policy = PackagePolicy.model_validate({**OPEN.model_dump(), **change})
    assert [found.breach for found in check_operation(operation, policy)] == breaches


@given(st.lists(st.sampled_from(["acme/*", "!acme/ui", "*", "evil/ui", "!evil/*"])), st.sampled_from(["ui", "x"]))
def test_what_is_left_out_is_never_let_in(globs: list[str], name: str) -> None:
    policy = OPEN.model_copy(update={"repositories": tuple(globs)})
    allowed = not check_operation(create(github(f"acme/{name}")), policy)
    assert allowed == (bool({"acme/*", "*"} & set(globs)) and not ("!acme/ui" in globs and name == "ui"))


def test_two_stars_stand_for_anything() -> None:
    assert is_allowed(["gitlab.com/acme/**"], ["gitlab.com/acme/a/b"])
    assert not is_allowed(["gitlab.com/acme/*"], ["gitlab.com/acme/a/b"])
    assert place_of(GITLAB) == "gitlab.com/acme/ui"


@pytest.mark.parametrize(
    ("unstated", "meant", "refused"),
    [
        (Unstated.PUBLISH, (Permission.PUBLISH,), False),
        (Unstated.STAGE, (Permission.STAGE,), False),
        (Unstated.BOTH, (Permission.PUBLISH, Permission.STAGE), False),
        (Unstated.REFUSE, (Permission.PUBLISH,), True),
    ],
)
def test_what_a_request_means_that_names_no_permission(
    unstated: Unstated,
    meant: tuple[Permission, ...],
    refused: bool,  # noqa: FBT001
) -> None:
    policy = OPEN.model_copy(update={"unstated_permission": unstated})
    operation = default_permissions(create(), policy)
    assert isinstance(operation, Create)
    assert operation.permissions == meant
    assert bool(check_unstated(create(), policy)) == refused
    revoke = Revoke(package=UI, configuration_id="1")
    assert default_permissions(revoke, policy) is revoke
    assert not check_unstated(revoke, policy)


ASKS, OWNS, OWNS_TOO = "U0ASKS", "U0OWNS", "U0OWNSTOO"
DIRECTORY = Directory(
    npm_users={ASKS: "asks", OWNS: "owns", OWNS_TOO: "owns-too"},
    groups={"S0TEAM": frozenset({"U0ANN", "U0BEN"})},
    admins=frozenset({OWNS}),
)


@pytest.mark.parametrize(
    ("change", "maintainers", "breaches"),
    [
        ({}, ("owns",), []),
        ({"requesters": ()}, ("owns",), [Breach.REQUESTER]),
        ({"requesters": (OWNS,)}, ("owns",), [Breach.REQUESTER]),
        ({"requesters": (ASKS,)}, ("owns",), []),
        ({"requesters": ("*", f"!{ASKS}")}, ("owns",), [Breach.REQUESTER]),
        ({"requesters": ("maintainers",)}, ("owns",), [Breach.REQUESTER]),
        ({"requesters": ("maintainers",)}, ("asks", "owns"), []),
        ({"requesters": ("S0TEAM",)}, ("owns",), [Breach.REQUESTER]),
        ({"quorum": 2}, ("owns",), [Breach.QUORUM_TOO_HIGH]),
        ({"quorum": 2}, ("owns", "somebody"), []),  # who is not linked yet may be
        ({"quorum": 2, "reviewers": ("S0TEAM",)}, ("owns",), []),
        ({"quorum": 2, "reviewers": ("S0TEAM", "!U0BEN")}, ("owns",), [Breach.QUORUM_TOO_HIGH]),
        ({"reviewers": ("S0UNKNOWN",)}, ("owns",), [Breach.GROUP_UNKNOWN]),
        ({}, ("asks",), []),  # the admins review, and whether there are any is another question
    ],
)
def test_who_may_ask_and_whether_enough_could_approve(
    change: dict[str, object], maintainers: tuple[str, ...], breaches: list[Breach]
) -> None:
    policy = PackagePolicy.model_validate({**OPEN.model_dump(), **change})
    facts = StepFacts(requester=ASKS, maintainers=maintainers, fingerprint="", policy=policy)
    assert [found.breach for found in check_people(facts, DIRECTORY)] == breaches


def test_a_revoke_that_one_may_make_alone_needs_no_more_people() -> None:
    policy = OPEN.model_copy(update={"quorum": 3, "revoke_alone": True})
    facts = StepFacts(requester=ASKS, maintainers=("asks", "owns"), fingerprint="", policy=policy, is_revoke=True)
    assert not check_people(facts, DIRECTORY)
    assert check_people(facts.model_copy(update={"is_revoke": False}), DIRECTORY)


@pytest.mark.parametrize(
    ("change", "is_other"),
    [
        ({"quorum": 2}, True),
        ({"reviewers": ("U0OWNS",)}, True),
        ({"repositories": ("acme/*",)}, True),
        ({"self_approval": True}, True),
        ({"line": 99}, False),
        ({"remind_after_hours": ()}, False),
        ({"channel": "C0OTHER"}, False),
        ({"expires_after_hours": 1}, False),
    ],
)
def test_a_decision_rests_on_some_of_it(change: dict[str, object], is_other: bool) -> None:  # noqa: FBT001
    other = PackagePolicy.model_validate({**OPEN.model_dump(), **change})
    assert (other.fingerprint != OPEN.fingerprint) == is_other


def test_the_groups_that_decide_are_named() -> None:
    policy = OPEN.model_copy(update={"reviewers": ("maintainers", "!S0OUT", "S0TEAM"), "requesters": ("S0ASK", "*")})
    assert policy.groups == {"S0OUT", "S0TEAM", "S0ASK"}
    told = policy.model_copy(update={"escalate_to": ("S0TOLD", "U0OTTO", "C0GENERAL")})
    assert told.named_groups == {*policy.groups, "S0TOLD"}
    assert policy.life.total_seconds() == 72 * 3600


def test_the_policy_says_who_is_who() -> None:
    policy = Policy(file="policy.toml", people={"U0OTTO": "otto-npm"})
    assert policy.is_person("U0OTTO", "otto-npm")
    assert not policy.is_person("U0EVE", "otto-npm")
    assert not policy.is_person("U0OTTO", "other")
