from datetime import UTC, datetime
from typing import Any

import pytest
from inline_snapshot import snapshot

from bot.domain.record import RecordedEvent, Scope
from bot.messages.audit import PAGE, file_name, render_not_yours_to_read, render_record, render_record_file
from tests.messages.reading import read, texts_of

AT = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


def event(**changes: Any) -> RecordedEvent:  # noqa: ANN401 -- of any field
    fields = {"id": 7, "workspace": "T0ACME", "at": AT, "kind": "step.moved", "actor": "U0OTTO"} | changes
    return RecordedEvent.model_validate(fields)


def test_a_page_tells_who_did_what_to_what() -> None:
    moved = event(change_set=42, package="@acme/ui", data={"before": "in_review", "after": "ready", "phase": "first"})
    closed = event(kind="link.closed", subject="U0SAM", data={"npm_user": "sam-npm", "proof": ""})
    page = render_record(Scope(package="@acme/ui", since=AT), [moved, closed], sealed=1234, older="7;;;@acme/ui")
    assert read(page) == snapshot("""\
On record of @acme/ui since 23 Nov 2026, newest first
• Mon 14:00 UTC · @U0OTTO · step moved · C-42 · in_review → ready · phase: first
• Mon 14:00 UTC · @U0OTTO · npm account unlinked · @U0SAM · npm_user: sam-npm
[Older]
(Sealed up to no. 1234.
All of it as a file: add `--csv`. On the machine: `npmtrust audit export`, `npmtrust audit verify`.)\
""")
    assert "Nothing is sealed yet." in read(render_record(Scope(), [moved], sealed=0))


@pytest.mark.parametrize("text", ["<!channel> " * 200, "*bold* `code` <@U0SAM>" * 99, "\u202e" * 500, "@" * 5000])
def test_hostile_text_fits_and_is_never_markup(text: str) -> None:
    events = [
        event(kind=text, actor=text, subject=text, package=text, data={text: text, "before": text, "why": {"a": text}})
        for _ in range(PAGE)
    ]
    page = render_record(Scope(package=text), events, sealed=1, older="7;;;x")
    assert len(page.blocks) <= 50
    for shown in texts_of(page.blocks):
        assert len(shown["text"]) <= 3000
        assert "<!channel" not in shown["text"]
        assert "<@U0SAM>" not in shown["text"]


def test_a_file_is_named_by_what_it_is_of() -> None:
    scopes = [Scope(number=42, change_set_id=7), Scope(package="@acme/ui"), Scope(person="U0OTTO"), Scope()]
    assert [file_name(scope, AT) for scope in scopes] == snapshot(
        [
            "npmtrust-record-C-42-2026-11-23.csv",
            "npmtrust-record-acme-ui-2026-11-23.csv",
            "npmtrust-record-U0OTTO-2026-11-23.csv",
            "npmtrust-record-all-2026-11-23.csv",
        ]
    )
    assert "did not take the file" in read(render_record_file(Scope(), failed=True, most=9))


def test_who_may_not_see_it_is_told_who_may() -> None:
    assert read(render_not_yours_to_read(Scope(number=42), ["U0OTTO"])).startswith(
        "The record of C-42 is shown to who asked, who reviews or maintains it, and to the admins. Now: "
    )
