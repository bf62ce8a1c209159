"""Where packages stand, counted and written as CSV."""

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.coverage import (
    LACKING,
    PackageRecord,
    Standing,
    csv_rows,
    label_of,
    measure,
    standing_of,
    write_csv,
)
from bot.domain.evidence import EvidenceKind

NOW = datetime(2026, 10, 5, 9, tzinfo=UTC)
LAST_WEEK = NOW - timedelta(days=7)
YESTERDAY = NOW - timedelta(days=1)
NONE, DOWNGRADED, TRUSTED = EvidenceKind.NONE, EvidenceKind.DOWNGRADED, EvidenceKind.TRUSTED


def record(name: str = "@acme/ui", kind: EvidenceKind | None = NONE, **fields: Any) -> PackageRecord:  # noqa: ANN401
    return PackageRecord(name, kind, **{"last_publish": LAST_WEEK} | fields)


@pytest.mark.parametrize(
    ("kind", "fields", "standing"),
    [
        (None, {}, "not read yet"),
        (TRUSTED, {}, "trusted"),
        (DOWNGRADED, {}, "downgraded"),
        (EvidenceKind.PROVENANCE_ONLY, {}, "provenance only"),
        (NONE, {}, "none"),
        (NONE, {"last_publish": None}, "none"),
        (EvidenceKind.UNPUBLISHED, {}, "unpublished"),
        (EvidenceKind.NOT_VISIBLE, {}, "not visible here"),
        (TRUSTED, {"visible": False}, "not found"),
        (NONE, {"visible": False, "account_only": True}, "not found"),
        # set up here, and no version has come through it
        (NONE, {"set_up_at": YESTERDAY}, "configured, not used yet"),
        (NONE, {"set_up_at": NOW - timedelta(hours=47)}, "configured, not used yet"),
        (NONE, {"set_up_at": NOW - timedelta(hours=48)}, "none"),  # npm has dropped it
        (DOWNGRADED, {"set_up_at": YESTERDAY}, "configured, not used yet"),
        # but a downgrade that came after it is one
        (DOWNGRADED, {"set_up_at": NOW - timedelta(days=9)}, "downgraded"),
        # no release since 2023
        (NONE, {"last_publish": datetime(2023, 12, 31, 23, 59, tzinfo=UTC)}, "no release for years"),
        (DOWNGRADED, {"last_publish": datetime(2019, 1, 1, tzinfo=UTC)}, "no release for years"),
        (NONE, {"last_publish": datetime(2024, 1, 1, tzinfo=UTC)}, "none"),
        # what people said of it, as long as it lacks trust
        (NONE, {"deprecated": True}, "deprecated"),
        (NONE, {"snoozed_until": NOW + timedelta(seconds=1)}, "snoozed"),
        (NONE, {"snoozed_until": NOW}, "none"),
        (NONE, {"retired_by": "U1"}, "not publishing any more"),
        (NONE, {"retired_by": "U1", "retired_at": YESTERDAY}, "not publishing any more"),
        (NONE, {"retired_by": "U1", "retired_at": NOW - timedelta(days=9)}, "none"),
        (NONE, {"retired_by": "U1", "snoozed_until": NOW + timedelta(days=1)}, "not publishing any more"),
        (TRUSTED, {"deprecated": True, "retired_by": "U1", "snoozed_until": NOW + timedelta(days=1)}, "trusted"),
    ],
)
def test_a_package_stands_where_data_and_people_say(
    kind: EvidenceKind | None, fields: dict[str, Any], standing: str
) -> None:
    assert standing_of(record(kind=kind, **fields), NOW).value == standing


@pytest.mark.parametrize(("year", "label"), [(2026, "no release since 2023"), (2027, "no release since 2024")])
def test_the_label_of_old_packages_tells_the_year(year: int, label: str) -> None:
    assert label_of(Standing.OLD, NOW.replace(year=year)) == label
    assert label_of(Standing.NONE, NOW) == "none"


def test_a_coverage_counts_and_says_whose_packages_lack_trust() -> None:
    coverage = measure(
        [
            record("a", TRUSTED, maintainers=("olga-npm",), read_at=NOW),
            record("b", NONE, maintainers=("olga-npm", "otto-npm", "olga-npm"), read_at=LAST_WEEK),
            record("c", DOWNGRADED, maintainers=("otto-npm",), last_publish=NOW - timedelta(days=90)),
            record("d", EvidenceKind.PROVENANCE_ONLY, last_publish=None, maintainers=("anna-npm",)),
            record("e", NONE, set_up_at=YESTERDAY, maintainers=("anna-npm",)),
            record("f", NONE, deprecated=True),
            record("g", None),
            record("secret", NONE, visible=False, account_only=True, maintainers=("olga-npm",)),
        ],
        NOW,
    )
    assert (coverage.total, coverage.trusted, coverage.percent, coverage.account_only) == (7, 1, 20, 1)
    assert list(coverage.counts.items()) == [
        (Standing.TRUSTED, 1),
        (Standing.NOT_USED_YET, 1),
        (Standing.DOWNGRADED, 1),
        (Standing.PROVENANCE_ONLY, 1),
        (Standing.NONE, 1),
        (Standing.DEPRECATED, 1),
        (Standing.UNREAD, 1),
    ]
    assert [one.name for one in coverage.lacking] == ["c", "b", "d"]
    assert list(coverage.missing_by_owner.items()) == [("otto-npm", 2), ("anna-npm", 1), ("olga-npm", 1)]
    assert coverage.oldest_read_at == LAST_WEEK


@pytest.mark.parametrize(
    ("trusted", "lacking", "percent"),
    [(0, 0, None), (0, 3, 0), (3, 0, 100), (199, 1, 99), (1, 2, 33), (1, 300, 0)],
)
def test_the_percentage_is_rounded_down(trusted: int, lacking: int, percent: int | None) -> None:
    records = [record(kind=TRUSTED)] * trusted + [record()] * lacking + [record(deprecated=True), record(kind=None)]
    assert measure(records, NOW).percent == percent


RECORDS = st.lists(
    st.builds(
        PackageRecord,
        name=st.sampled_from(["a", "b"]),
        kind=st.sampled_from(EvidenceKind) | st.none(),
        maintainers=st.sampled_from([(), ("olga-npm",)]),
        last_publish=st.none() | st.sampled_from([LAST_WEEK, datetime(2020, 1, 1, tzinfo=UTC)]),
        deprecated=st.booleans(),
        set_up_at=st.none() | st.just(YESTERDAY),
        account_only=st.booleans(),
    ),
    max_size=20,
)


@given(RECORDS)
def test_each_package_is_counted_once(records: list[PackageRecord]) -> None:
    coverage = measure(records, NOW)
    assert sum(coverage.counts.values()) == coverage.total == len(records) - coverage.account_only
    assert len(coverage.lacking) == sum(coverage.counts.get(standing, 0) for standing in LACKING)
    assert {standing_of(one, NOW) for one in coverage.lacking} <= LACKING
    rows = list(csv.reader(StringIO(write_csv(csv_rows(records, NOW)))))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert len(rows) == coverage.total + 1


def test_the_csv_tells_all_that_is_known_of_a_package() -> None:
    rows = csv_rows(
        [
            record(
                kind=DOWNGRADED,
                provider="github",
                configuration_id="9061ef30",
                since=YESTERDAY,
                version="1.14.1",
                by="otto-npm",
                maintainers=("olga-npm", "otto-npm"),
                repository="acme/ui",
                deprecated=True,
                read_at=NOW,
                problem="npm answered 503",
                lacking_since=YESTERDAY,
                set_up_at=LAST_WEEK,
                snoozed_until=NOW,
            )
        ],
        NOW,
    )
    header, row = rows
    assert dict(zip(header, row, strict=True)) == {
        "package": "@acme/ui",
        "standing": "deprecated",
        "evidence": "downgraded",
        "provider": "github",
        "configuration": "9061ef30",
        "since": "2026-10-04T09:00:00Z",
        "newest version": "1.14.1",
        "by": "otto-npm",
        "owners": "olga-npm otto-npm",
        "repository": "acme/ui",
        "last publish": "2026-09-28T09:00:00Z",
        "deprecated": "yes",
        "lacking since": "2026-10-04T09:00:00Z",
        "set up here": "2026-09-28T09:00:00Z",
        "snoozed until": "2026-10-05T09:00:00Z",
        "read at": "2026-10-05T09:00:00Z",
        "problem": "npm answered 503",
    }


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@acme/ui", "'@acme/ui"),
        ("\t=1", "'\t=1"),
        ("\r=1", '"\'\r=1"'),
        ("\n=1", '"\'\n=1"'),
        ('say "a,b"', '"say ""a,b"""'),
        ("a=1", "a=1"),
        ("", ""),
        ("é", "é"),
    ],
)
def test_no_cell_is_a_formula(cell: str, written: str) -> None:
    assert write_csv([("a", cell)]) == f"a,{written}\r\n"
