"""Many packages in one wish: what is wanted of each, and what speaks against it."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.batch import (
    CREATE,
    QUIET,
    REPLACE,
    REVOKE,
    BatchState,
    BatchView,
    Status,
    Tally,
    Wanted,
    Why,
    doubt_of,
    wanted_of,
)
from bot.domain.command_parser import parse_command
from bot.domain.commands import ReplaceTrust, RevokeTrust, SetUp
from bot.domain.evidence import Evidence, EvidenceKind, PackageFacts
from bot.domain.packages import PackageName
from bot.domain.publishers import Permission, Provider

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def facts(kind: EvidenceKind = EvidenceKind.NONE, **changes: object) -> PackageFacts:
    return PackageFacts(name="a", evidence=Evidence(kind=kind)).model_copy(update=changes)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (
            "github a --file {unscoped}.yml --repo o/r",
            Wanted(package="a", provider=Provider.GITHUB, fields={"repo": ("o/r",), "file": ("{unscoped}.yml",)}),
        ),
        (
            "gitlab a --file a.yml --allow-stage-publish",
            Wanted(package="a", provider=Provider.GITLAB, fields={"file": ("a.yml",)}, permissions=(Permission.STAGE,)),
        ),
        ("revoke a --from-repo o/r", Wanted(package="a", verb=REVOKE, from_repository="o/r")),
        (
            "replace a --id 1 with github --file a.yml",
            Wanted(
                package="a",
                verb=REPLACE,
                configuration_id="1",
                provider=Provider.GITHUB,
                fields={"file": ("a.yml",)},
            ),
        ),
    ],
)
def test_a_command_wants_the_same_of_each_package(line: str, wanted: Wanted) -> None:
    command = parse_command(line)
    assert isinstance(command, SetUp | RevokeTrust | ReplaceTrust)
    assert wanted_of(command, command.packages) == [wanted]
    [one, two] = wanted_of(command, (PackageName("x"), PackageName("y")))
    assert (one.package, two.package) == ("x", "y")
    assert one.model_copy(update={"package": "y"}) == two


@pytest.mark.parametrize(
    ("found", "retired", "why"),
    [
        (facts(), False, None),
        (facts(EvidenceKind.TRUSTED), False, Why.TRUSTED),
        (facts(EvidenceKind.DOWNGRADED), False, None),
        (facts(EvidenceKind.UNPUBLISHED), False, None),
        (facts(), True, Why.RETIRED),
        (facts(deprecated=True), False, Why.DEPRECATED),
        (facts(last_publish=NOW - QUIET), False, None),
        (facts(last_publish=NOW - QUIET - timedelta(seconds=1)), False, Why.QUIET),
        # the first reason is told
        (facts(EvidenceKind.TRUSTED, deprecated=True), True, Why.TRUSTED),
    ],
)
def test_what_speaks_against_a_new_publisher(*, found: PackageFacts, retired: bool, why: Why | None) -> None:
    assert doubt_of(CREATE, found, retired=retired, now=NOW) is why
    assert doubt_of(REVOKE, found, retired=retired, now=NOW) is None
    assert doubt_of(REPLACE, found, retired=retired, now=NOW) is None


def test_a_view_counts_by_status() -> None:
    view = BatchView(
        value="",
        state=BatchState.READY,
        what="",
        tallies=(
            Tally(Status.INCLUDED, None, 3),
            Tally(Status.UNTICKED, Why.QUIET, 2),
            Tally(Status.UNTICKED, Why.DEPRECATED, 1),
        ),
    )
    assert view.count(Status.INCLUDED) == 3
    assert view.count(Status.INCLUDED, Status.UNTICKED) == 6
    assert view.count(Status.FAULTY) == 0
