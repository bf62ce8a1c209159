"""Versions that came another way than those before them."""

from datetime import UTC, datetime

import pytest

from bot.domain.breaks import MOST_KEPT, Break, BreakKind, SeenPublisher
from bot.domain.evidence import PackageFacts, VersionSeen, read_package


def day(number: int) -> datetime:
    return datetime(2026, 1, number, tzinfo=UTC)


def read(text: str) -> PackageFacts:
    """Each word is a version, a day after the other: `1.0.0:a` came through configuration a, `1.0.1` by hand."""
    versions = [_version(number, *word.split(":")) for number, word in enumerate(text.split(), 1)]
    return read_package({"name": "@acme/ui"}, versions)


def _version(number: int, version: str, way: str = "") -> VersionSeen:
    provider, _, configuration = way.rpartition("/")
    return VersionSeen(
        version,
        published=day(number),
        by="olga-npm",
        trusted=bool(way) and way != "ci",
        provider=(provider or "github") if way not in {"", "ci"} else "",
        configuration_id="" if way in {"ci", "?"} else configuration,
        provenance=way == "ci",
        has_user=True,
    )


@pytest.mark.parametrize(
    ("versions", "breaks"),
    [
        ("", []),
        ("1.0.0 1.0.1", []),
        ("1.0.0 1.0.1:a 1.0.2:a", []),
        # what the attacks looked like
        ("1.14.0:a 1.14.1", ["1.14.1 github a > none"]),
        ("1.14.0:a 1.14.1:ci", ["1.14.1 github a > provenance only"]),
        ("1.0.0:a 1.0.1 1.0.2 1.0.3:a", ["1.0.2 github a > none", "1.0.1 github a > none"]),
        # of an older line as well: its versions are installed too
        ("1.14.0:a 0.30.4", ["0.30.4 github a > none"]),
        # a prerelease is no measure for other versions, they are one for it
        ("1.0.0-rc.1:a 1.0.0", []),
        ("1.0.0:a 1.1.0-rc.1", ["1.1.0-rc.1 github a > none"]),
        ("1.0.0-rc.1:a 1.0.0:b 1.0.1-rc.1", ["1.0.1-rc.1 github b > none"]),
        ("1.0.0:b 1.0.1-rc.1:a 1.0.1-rc.2", ["1.0.1-rc.2 github a > none"]),
        # another configuration
        ("1.0.0:a 1.0.1:b", ["1.0.1 github a > github b"]),
        ("1.0.0:a 1.0.1:gitlab/a", ["1.0.1 github a > gitlab a"]),
        ("1.0.0:a 1.0.1 1.0.2:b", ["1.0.2 github a > github b", "1.0.1 github a > none"]),
        # two publishers, each known
        ("1.0.0:a 1.0.1:b 1.0.2:a 1.0.3:b", ["1.0.1 github a > github b"]),
        # nightlies have a configuration of their own
        ("1.0.0:a 1.1.0-n.1:b 1.1.0-n.2:b 1.1.0:a", []),
        ("1.0.0:a 1.1.0-n.1:b 1.1.0-n.2:c", ["1.1.0-n.2 github b > github c"]),
        # npm has not always shown ids
        ("1.0.0:? 1.0.1:a 1.0.2:?", []),
        ("1.0.0:? 1.0.1", ["1.0.1 github > none"]),
    ],
)
def test_a_version_that_came_another_way_is_a_break(versions: str, breaks: list[str]) -> None:
    found = read(versions).breaks
    assert [f"{one.version} {one.before} > {one.after}" for one in found] == breaks
    kinds = [BreakKind.LOST if one.endswith(("none", "only")) else BreakKind.OTHER_CONFIGURATION for one in breaks]
    assert [one.kind for one in found] == kinds


def test_a_break_tells_when_by_whom_and_what_it_is_measured_by() -> None:
    assert read("1.0.0:a 1.1.0:a 1.1.1").breaks == (
        Break(
            kind=BreakKind.LOST,
            version="1.1.1",
            at=day(3),
            by="olga-npm",
            before="github a",
            after="none",
            version_before="1.1.0",
        ),
    )


def test_a_publisher_without_a_name_is_one() -> None:
    nameless = VersionSeen("1.0.0", published=day(1), trusted=True, has_user=True)
    facts = read_package({}, [nameless, VersionSeen("1.0.1", published=day(2), has_user=True)])
    assert [one.before for one in facts.breaks] == ["a trusted publisher"]


def test_without_times_the_number_is_the_order() -> None:
    versions = [VersionSeen("1.10.0", has_user=True), VersionSeen("1.9.0", trusted=True, provider="github")]
    assert [(one.version, one.at) for one in read_package({}, versions).breaks] == [("1.10.0", None)]


def test_the_publishers_are_listed_with_their_first_and_last_version() -> None:
    assert read("0.9.0 1.0.0:a 1.0.1:b 1.0.2:a 1.0.3").publishers == (
        SeenPublisher(
            provider="github",
            configuration_id="a",
            first_version="1.0.0",
            first_at=day(2),
            last_version="1.0.2",
            last_at=day(4),
        ),
        SeenPublisher(
            provider="github",
            configuration_id="b",
            first_version="1.0.1",
            first_at=day(3),
            last_version="1.0.1",
            last_at=day(3),
        ),
    )


def test_the_newest_twenty_of_each_are_kept() -> None:
    facts = read(" ".join(f"1.0.{number}:c{number}" for number in range(30)))
    assert len(facts.publishers) == len(facts.breaks) == MOST_KEPT
    assert (facts.publishers[0].configuration_id, facts.breaks[0].version) == ("c29", "1.0.29")
