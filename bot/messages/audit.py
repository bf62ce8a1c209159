"""The record, as people ask for it: a page of events, the newest first, seen only by who asked."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.events import AuditKind
from bot.domain.record import RecordedEvent, Scope, details_of
from bot.messages._blocks import actions, answer, button, context, message, section
from bot.messages._text import bold, day, fit, mention, mentions, safe, when
from bot.messages._words import COMMAND, package_words
from bot.messages.ids import Action
from bot.messages.message import Message

PAGE = 15
"""Events of one message: each is one line."""

_IN_SECTION = 5
_LINE = 550
_VALUE = 160

_WORDS = {
    AuditKind.STAGED: "asked",
    AuditKind.MOVED: "step moved",
    AuditKind.DECIDED: "decided",
    AuditKind.DENIED: "was refused",
    AuditKind.WITHDRAWN: "withdrew the approval",
    AuditKind.CANCEL_WANTED: "cancelled",
    AuditKind.LOOKED: "looked at npm's list",
    AuditKind.CHOSEN: "chose a configuration",
    AuditKind.ATTEMPT_BEGAN: "call to npm began",
    AuditKind.ATTEMPT_ENDED: "call to npm ended",
    AuditKind.HANDOFF_MADE: "was sent a link of npm's",
    AuditKind.HANDOFF_ENDED: "link of npm's ended",
    AuditKind.DISOWNED: "said “Not me”",
    AuditKind.SCRIPT_GIVEN: "was given the call for the own terminal",
    AuditKind.SCRIPT_RAN: "says it ran in the own terminal",
    AuditKind.LINK_MADE: "npm account named",
    AuditKind.LINK_CONFIRMED: "npm account linked",
    AuditKind.LINK_REFUSED: "npm account not linked",
    AuditKind.LINK_CLOSED: "npm account unlinked",
    AuditKind.SESSION_KEPT: "logged in at npm",
    AuditKind.SESSION_WIPED: "npm session forgotten",
    AuditKind.EXPORTED: "exported the record",
    AuditKind.BACKED_UP: "copied the database",
    AuditKind.BROUGHT_IN: "put a copy of the database in its place",
    AuditKind.KEYS_ROTATED: "rotated the keys",
}
"""What has no words of its own is told by its kind: `lane.taken`."""


def render_record(scope: Scope, events: Sequence[RecordedEvent], *, sealed: int, older: str = "") -> Message:
    """Show a page; `older` is the value of the button of the next one, where there is one."""
    if not events:
        return answer(
            f"Nothing is on record of {_about(scope)}.", f"`{COMMAND} help audit` tells what can be asked for."
        )
    lines = [_line(event, scope) for event in events]
    parts = [section(*lines[start : start + _IN_SECTION]) for start in range(0, len(lines), _IN_SECTION)]
    title = bold(f"On record of {_about(scope)}, newest first")
    note = f"Sealed up to no. {sealed}." if sealed else "Nothing is sealed yet."
    return message(
        title,
        section(title),
        *parts,
        actions(button("Older", Action.AUDIT_OLDER, older)) if older else None,
        context(
            note, "All of it as a file: add `--csv`. On the machine: `npmtrust audit export`, `npmtrust audit verify`."
        ),
    )


def render_file_coming(scope: Scope) -> Message:
    """The CSV goes to the DM of who asked."""
    return answer(f"The record of {_about(scope)} comes to you as a file, by DM.")


def render_record_file(scope: Scope, *, failed: bool, most: int) -> Message:
    """What stands in the DM, with the file in its thread."""
    if failed:
        return answer(f"Slack did not take the file with the record of {_about(scope)}. Ask again for another try.")
    return answer(
        f"The record of {_about(scope)}, as CSV: in the thread.",
        f"It holds the newest {most} events at most; `npmtrust audit export --csv` on the machine has no limit.",
    )


def file_name(scope: Scope, now: datetime) -> str:
    """Name the file."""
    about = f"C-{scope.number}" if scope.number is not None else scope.package or scope.person or "all"
    plain = "".join(char if char.isalnum() or char in "-." else "-" for char in about).strip("-.")
    return f"npmtrust-record-{plain[:100]}-{now:%Y-%m-%d}.csv"


def render_not_yours_to_read(scope: Scope, people: Sequence[str]) -> Message:
    """Who may see it."""
    if scope.person:
        return answer(f"What {mention(scope.person)} did is shown to them and to the admins.")
    who = f" Now: {mentions(people[:10])}." if people else ""
    return answer(
        f"The record of {_about(scope)} is shown to who asked, who reviews or maintains it, and to the admins.{who}",
        f"If you maintain it, link your npm account: `{COMMAND} login`.",
    )


def _about(scope: Scope) -> str:
    words = "everything"
    if scope.number is not None:
        words = f"C-{scope.number}"
    elif scope.package:
        words = safe(package_words(scope.package))
    elif scope.person:
        words = mention(scope.person)
    since = f" since {day(scope.since)}" if scope.since else ""
    return f"{words}{since}{f' until {when(scope.until)}' if scope.until else ''}"


def _line(event: RecordedEvent, scope: Scope) -> str:
    kind = next((kind for kind in AuditKind if kind.value == event.kind), None)
    words = _WORDS.get(kind, "") if kind else ""
    parts = [when(event.at), mention(event.actor), words or safe(event.kind, 60), *_what(event, scope), *_told(event)]
    return fit(f"• {' · '.join(filter(None, parts))}", _LINE)


def _what(event: RecordedEvent, scope: Scope) -> list[str]:
    """Name what it is about, where that is not what was asked for."""
    return [
        mention(event.subject) if event.subject else "",
        f"C-{event.change_set}" if event.change_set is not None and event.change_set != scope.number else "",
        safe(package_words(event.package)) if event.package and event.package != scope.package else "",
    ]


def _told(event: RecordedEvent) -> list[str]:
    before, after = (str(event.data.get(name, "")) for name in ("before", "after"))
    moved = f"{safe(before, 60)} → {safe(after, 60)}" if before or after else ""
    rest = [f"{safe(name, 40)}: {_value(value)}" for name, value in details_of(event).items() if value != ""]
    return [moved, *rest]


def _value(value: object) -> str:
    return safe({True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value), _VALUE)
