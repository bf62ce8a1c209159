import pytest

from bot.domain.lifecycle import Phase, Plan
from bot.domain.operations import (
    Create,
    Operation,
    Replace,
    Revoke,
    Target,
    body_of,
    find_selected,
    fingerprint_of,
    fingerprint_of_set,
    group_of,
    likeness_of,
    plan_of,
    removed_by,
    revoked_id_of,
    target_of,
    with_removed,
)
from bot.domain.packages import PackageName
from bot.domain.publishers import Configuration, GitHub, Permission

UI = PackageName("@acme/ui")
PUBLISHER = GitHub(repository="acme/ui", file="release.yml")
PUBLISH = (Permission.PUBLISH,)
OLD = Configuration(
    id="old-id",
    type="github",
    claims={"repository": "acme/old", "workflow_ref": {"file": "release.yml"}},
    permissions=("createPackage", "createStagedPackage"),
)
OVERLAPPING = OLD.model_copy(
    update={"claims": {"repository": "acme/ui", "workflow_ref": {"file": "release.yml"}, "environment": "production"}}
)
STRANGE = Configuration(
    id="strange-id", type="buildkite", claims={"pipeline_slug": "ui"}, permissions=("createPackage",)
)

CREATE = Create(package=UI, publisher=PUBLISHER, permissions=PUBLISH)
REVOKE = Revoke(package=UI, configuration_id="old-id", configuration=OLD)
REPLACE = Replace(package=UI, old=OLD, publisher=PUBLISHER, permissions=PUBLISH)


def test_steps_are_a_group_whatever_the_ids_of_what_goes() -> None:
    other = REVOKE.model_copy(update={"package": PackageName("@acme/core"), "configuration_id": "another"})
    assert group_of(REVOKE) == group_of(other)
    assert group_of(REPLACE) != group_of(CREATE)
    assert group_of(REPLACE) != group_of(REPLACE.model_copy(update={"from_repository": "acme/old"}))
    assert likeness_of(REVOKE) != likeness_of(other)


def fingerprint(operation: Operation, workspace: str = "T1", registry: str = "http://127.0.0.1:1/") -> str:
    return fingerprint_of(operation, workspace=workspace, registry=registry)


@pytest.mark.parametrize(
    ("operation", "plan"),
    [
        (CREATE, Plan.CREATE),
        (REVOKE, Plan.REVOKE),
        (REPLACE, Plan.CREATE_THEN_REVOKE),
        # Which order it is nobody knows before the old one was read.
        (REPLACE.model_copy(update={"old": None}), Plan.REVOKE_THEN_CREATE),
        # npm refuses the second of two that a token could both match, so the old one goes first.
        (REPLACE.model_copy(update={"old": OVERLAPPING}), Plan.REVOKE_THEN_CREATE),
    ],
)
def test_a_replace_creates_first_where_the_two_do_not_overlap(operation: Operation, plan: Plan) -> None:
    assert plan_of(operation) is plan


@pytest.mark.parametrize(
    ("operation", "phase", "target"),
    [
        (CREATE, Phase.FIRST, Target(publisher=PUBLISHER, permissions=PUBLISH)),
        (REVOKE, Phase.FIRST, None),
        (REPLACE, Phase.SECOND, Target(publisher=PUBLISHER, permissions=PUBLISH)),
        (
            REPLACE,
            Phase.RESTORE,
            Target(
                publisher=GitHub(repository="acme/old", file="release.yml"),
                permissions=(Permission.PUBLISH, Permission.STAGE),
            ),
        ),
        # What we cannot read we cannot make again.
        (REPLACE.model_copy(update={"old": STRANGE}), Phase.RESTORE, None),
        (REPLACE.model_copy(update={"old": None}), Phase.RESTORE, None),
        (REPLACE.model_copy(update={"old": OLD.model_copy(update={"permissions": ("other",)})}), Phase.RESTORE, None),
    ],
)
def test_a_create_call_makes_what_its_phase_is_for(operation: Operation, phase: Phase, target: Target | None) -> None:
    assert target_of(operation, phase) == target


@pytest.mark.parametrize(
    ("operation", "revoked"),
    [(CREATE, ""), (REVOKE, "old-id"), (REPLACE, "old-id"), (Revoke(package=UI, configuration_id="old-id"), "")],
)
def test_only_a_configuration_that_was_read_is_revoked(operation: Operation, revoked: str) -> None:
    assert revoked_id_of(operation) == revoked


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ({"configuration_id": "old-id"}, (OLD,)),
        ({"configuration_id": "other-id"}, ()),
        ({"configuration_id": "strange-id", "from_repository": "acme/old"}, (STRANGE,)),
        ({"from_repository": "acme/old"}, (OLD,)),
        ({"from_repository": "acme/elsewhere"}, ()),
        ({}, ()),
    ],
)
def test_a_selector_means_what_npm_lists(selector: dict[str, str], found: tuple[Configuration, ...]) -> None:
    unread = {"configuration_id": "", "from_repository": "", **selector}
    for operation in (REVOKE.model_copy(update=unread), REPLACE.model_copy(update=unread)):
        assert find_selected(operation, [OLD, OVERLAPPING.model_copy(update={"id": "third"}), STRANGE]) == found


@pytest.mark.parametrize("operation", [REVOKE, REPLACE])
def test_what_was_read_becomes_part_of_the_operation(operation: Revoke | Replace) -> None:
    filled = with_removed(operation, STRANGE)
    assert removed_by(filled) == STRANGE
    assert fingerprint(filled) != fingerprint(operation)
    assert removed_by(with_removed(filled, None)) is None
    assert removed_by(CREATE) is None


def test_everything_that_is_approved_changes_the_fingerprint() -> None:
    others: list[Operation] = [
        CREATE,
        CREATE.model_copy(update={"package": PackageName("@acme/core")}),
        CREATE.model_copy(update={"permissions": (Permission.STAGE,)}),
        CREATE.model_copy(update={"publisher": GitHub(repository="acme/ui", file="other.yml")}),
        CREATE.model_copy(update={"publisher": GitHub(repository="acme/ui", file="release.yml", environment="live")}),
        REVOKE,
        REVOKE.model_copy(update={"configuration": None}),
        REVOKE.model_copy(update={"configuration": OVERLAPPING}),
        REPLACE,
        REPLACE.model_copy(update={"old": OVERLAPPING}),
        REPLACE.model_copy(update={"old": None}),
        REPLACE.model_copy(update={"from_repository": "acme/old"}),
    ]
    found = [fingerprint(each) for each in others]
    found += [fingerprint(CREATE, workspace="T2"), fingerprint(CREATE, registry="http://127.0.0.1:2/")]
    assert len(set(found)) == len(found)
    assert fingerprint(CREATE) == fingerprint(Create.model_validate_json(CREATE.model_dump_json()))


def test_the_fingerprint_of_a_set_does_not_depend_on_the_order() -> None:
    assert fingerprint_of_set(["b", "a"]) == fingerprint_of_set(["a", "b"]) != fingerprint_of_set(["a"])


def test_a_create_posts_an_array_of_one() -> None:
    assert body_of(PUBLISHER, PUBLISH) == [
        {
            "type": "github",
            "claims": {"repository": "acme/ui", "workflow_ref": {"file": "release.yml"}},
            "permissions": ["createPackage"],
        }
    ]
