"""The two days in which npm waits for a version."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.breaks import SeenPublisher
from bot.domain.evidence import Evidence, EvidenceKind, PackageFacts
from bot.domain.node_versions import brings_new_npm, is_node_new_enough, is_npm_new_enough
from bot.domain.two_days import Stage, Use, WaitingPackage, ends_of, next_look, stage_due, use_of

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def facts(*seen: SeenPublisher, kind: EvidenceKind = EvidenceKind.NONE, private: bool = False) -> PackageFacts:
    return PackageFacts(name="a", evidence=Evidence(kind=kind), publishers=seen, private=private)


def seen(configuration_id: str, last_at: datetime | None = None) -> SeenPublisher:
    return SeenPublisher(configuration_id=configuration_id, first_version="1", last_version="2", last_at=last_at)


@pytest.mark.parametrize(
    ("known", "configuration_id", "use"),
    [
        (facts(), "a", Use.UNUSED),
        (facts(seen("a")), "a", Use.USED),
        (facts(seen("b", NOW - HOUR)), "a", Use.UNUSED),
        (
            facts(seen("b", NOW + HOUR)),
            "a",
            Use.UNCLEAR,
        ),  # it came through something, and ids may not be what we take them for
        (facts(seen("", NOW + HOUR)), "", Use.UNCLEAR),
        (facts(kind=EvidenceKind.NOT_VISIBLE), "a", Use.UNCLEAR),
        (facts(seen("a"), private=True), "a", Use.UNCLEAR),
        (None, "a", Use.UNCLEAR),
    ],
)
def test_what_public_data_shows_of_a_configuration(known: PackageFacts | None, configuration_id: str, use: Use) -> None:
    assert use_of(known, configuration_id, NOW) is use


def test_what_is_due_when() -> None:
    last = NOW + 2 * HOUR
    told, stage = [], Stage.NEW
    for hours in range(60):
        if due := stage_due(stage, NOW, last, NOW + hours * HOUR):
            told.append((hours, due.stage, due.next_at))
            stage = due.stage
    assert told == [
        (24, Stage.REMINDED, NOW + 40 * HOUR),
        (40, Stage.REMINDED_AGAIN, last + 48 * HOUR),
        (50, Stage.OVER, None),
    ]
    assert stage_due(Stage.USED, NOW, NOW, NOW + 99 * HOUR) is None
    late = stage_due(Stage.NEW, NOW, NOW, NOW + 41 * HOUR)  # nobody ran at the first
    assert late is not None
    assert late.stage is Stage.REMINDED_AGAIN


@given(st.sampled_from(Stage), st.integers(0, 3), st.integers(0, 80))
def test_what_is_not_due_is_due_later_or_never(stage: Stage, span: int, hours: int) -> None:
    last, now = NOW + span * HOUR, NOW + hours * HOUR
    upcoming = next_look(stage, NOW, last)
    if stage_due(stage, NOW, last, now) is None:
        assert upcoming is None or upcoming > now
    else:
        assert upcoming is not None


def test_the_first_that_is_dropped_counts() -> None:
    packages = [
        WaitingPackage(package=name, label="", use=Use.UNUSED, applied_at=NOW + hours * HOUR)
        for name, hours in (("a", 2), ("b", 1))
    ]
    assert ends_of(packages) == NOW + 49 * HOUR
    assert ends_of([]) is None


def test_versions_of_node_and_npm_as_people_write_them() -> None:
    node = {
        "yes": "22 22.x 22.14 v22.14.0 ^22.1.0 ~22.14 23 24 24.* lts/* lts/jod LTS/Krypton latest node current",
        "no": "18 20.x 22.13 22.13.9 22.13.x 22.1 ~22.11.0 lts/iron lts/hydrogen 4",
        "maybe": ">=20 lts/-1 20||22 ${{x}} nightly 22.14.0-rc.1 99999999",
    }
    npm_of_node = {"yes": "24 24.5 24.5.0 25 latest lts/krypton", "no": "22 23 24.4 24.4.1 lts/jod 20", "maybe": ">=24"}
    npm = {
        "yes": "latest next next-11 11 11.x ^11.4 >=11.5.1 11.5.1 11.6 12 * ~11.5.0",
        "no": "10 11.5.0 11.4",
        "maybe": "$N <12",
    }
    for judge, table in ((is_node_new_enough, node), (brings_new_npm, npm_of_node), (is_npm_new_enough, npm)):
        for expected, versions in table.items():
            assert {version: judge(version).value for version in versions.split()} == dict.fromkeys(
                versions.split(), expected
            )
    assert is_npm_new_enough("11.5.1", staging=True).value == "no"
    assert is_npm_new_enough("11.15.0", staging=True).value == "yes"
