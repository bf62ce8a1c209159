from datetime import UTC, datetime, timedelta, timezone

import pytest

from bot.domain.record import COLUMNS, RecordedEvent, export_values, parse_moment, record_rows

EVENT = RecordedEvent(
    id=7,
    workspace="T0ACME",
    at=datetime(2026, 11, 23, 15, 0, tzinfo=timezone(timedelta(hours=1))),
    kind="step.moved",
    actor="U0OTTO",
    change_set=42,
    step=9,
    package="@acme/ui",
    delivery=3,
    data={"before": "in_review", "after": "ready", "fingerprint": "ab12", "why": {"of": None}, "late": False},
    seal=5,
)


def test_an_event_is_told_by_the_names_of_the_columns() -> None:
    values = export_values(EVENT)
    assert tuple(values) == COLUMNS
    assert (values["at"], values["change_set"], values["before"]) == ("2026-11-23T14:00:00Z", "C-42", "in_review")
    assert values["details"] == {"why": {"of": None}, "late": False}


def test_events_become_rows_whose_empty_cells_are_empty() -> None:
    bare = RecordedEvent(id=8, workspace="T0ACME", at=EVENT.at, kind="lane.taken", actor="npmtrust")
    header, row, empty = record_rows([EVENT, bare])
    assert header == COLUMNS
    assert row[-1] == "why=of=; late=False"
    assert set(empty) - {""} == {"8", "T0ACME", "2026-11-23T14:00:00Z", "lane.taken", "npmtrust"}


NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "begins", "ends"),
    [
        ("2026-11-23", datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC)),
        ("2026-11-23T12:00", NOON, NOON),
        ("2026-11-23T12:00Z", NOON, NOON),
        ("2026-11-23T13:00+01:00", NOON, NOON),
        ("9999-12-31", datetime(9999, 12, 31, tzinfo=UTC), None),
        *((text, None, None) for text in ("", "monday", "2026-13-01", "23.11.2026", "2026-11-2é")),
    ],
)
def test_a_moment_is_read_and_a_day_that_ends_a_span_is_part_of_it(
    text: str, begins: datetime | None, ends: datetime | None
) -> None:
    assert (parse_moment(text), parse_moment(text, ends=True)) == (begins, ends)
