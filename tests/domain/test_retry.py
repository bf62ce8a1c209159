import pytest

from bot.domain.batch import Wanted
from bot.domain.lifecycle import OPEN_STATES, State
from bot.domain.operations import Create, Operation, Replace, Revoke
from bot.domain.packages import PackageName
from bot.domain.publishers import Configuration, GitHub, Permission, Provider
from bot.domain.retry import FAILED, UNCLEAR, missing_of, wanted_again

NAME = PackageName("@acme/ui")
NEW = GitHub(repository="acme/ui", file="release.yml")
MAY = (Permission.PUBLISH,)
OLD = Configuration(id="old", type="github", claims={"repository": "acme/old"}, permissions=("createPackage",))
MADE = Configuration(id="made", type="github", claims=NEW.to_claims(), permissions=("createPackage",))
OTHER = Configuration(id="other", type="gitlab", claims={"project_path": "a/b"}, permissions=("createPackage",))
CREATE = Create(package=NAME, publisher=NEW, permissions=MAY)
REVOKE = Revoke(package=NAME, from_repository="acme/old", configuration=OLD)
REPLACE = Replace(package=NAME, from_repository="acme/old", old=OLD, publisher=NEW, permissions=MAY)
GONE = Revoke(package=NAME, configuration_id="old")


@pytest.mark.parametrize(
    ("operation", "listed", "missing"),
    [
        (CREATE, [OTHER], CREATE),
        (CREATE, [OTHER, MADE], None),
        (REVOKE, [OTHER, OLD], REVOKE),
        (REVOKE, [OTHER], None),
        (REVOKE.model_copy(update={"configuration": None}), [OLD], None),  # nobody ever saw what it meant
        # of a replace: nothing was done, one half was, the other was, both were
        (REPLACE, [OLD], REPLACE),
        (REPLACE, [OTHER], CREATE),
        (REPLACE, [OLD, MADE], GONE),
        (REPLACE, [MADE], None),
    ],
)
def test_only_what_is_missing_is_asked_for_again(
    operation: Operation, listed: list[Configuration], missing: Operation | None
) -> None:
    assert missing_of(operation, listed) == missing


@pytest.mark.parametrize(
    ("operation", "wanted"),
    [
        (
            CREATE,
            Wanted(
                package=NAME,
                provider=Provider.GITHUB,
                fields={"repo": ("acme/ui",), "file": ("release.yml",)},
                permissions=MAY,
            ),
        ),
        (REVOKE, Wanted(package=NAME, verb="revoke", configuration_id="old")),
        (
            Revoke(package=NAME, from_repository="acme/old"),
            Wanted(package=NAME, verb="revoke", from_repository="acme/old"),
        ),
        (
            REPLACE,
            Wanted(
                package=NAME,
                verb="replace",
                provider=Provider.GITHUB,
                fields={"repo": ("acme/ui",), "file": ("release.yml",)},
                permissions=MAY,
                configuration_id="old",
            ),
        ),
    ],
)
def test_what_was_asked_for_can_be_asked_for_again(operation: Operation, wanted: Wanted) -> None:
    assert wanted_again(operation) == wanted


def test_what_people_did_not_want_did_not_fail() -> None:
    assert not {State.REJECTED, State.CANCELLED, State.APPLIED} & {*FAILED, *UNCLEAR}
    assert not OPEN_STATES & {*FAILED, *UNCLEAR}
