"""What was made of a file or of pasted lines: the view that is checking, its result, and the same by DM."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.bulk import MOST_BYTES, Fault, Unit
from bot.domain.coverage import write_csv
from bot.domain.mistakes import Mistake
from bot.domain.values import Frozen
from bot.messages._blocks import actions, answer, button, context, message, plain, section
from bot.messages._text import bold, count, safe, typed
from bot.messages._words import COMMAND
from bot.messages.bulk_form import TITLE
from bot.messages.ids import FIELD_ACTION, Action, Callback, Field
from bot.messages.message import Block, Message, View

FAULTS_ON_A_PAGE = 15
_FAULTS_IN_A_MESSAGE = 3
_LEAVE_OUT = "leave out"

_FILES: Mapping[str, tuple[str, str]] = {
    "file_too_large": ("This file is too large.", f"at most {MOST_BYTES // 1000:,} kB; hand it in in parts"),
    "login_page": (
        "Slack did not give me the file: it asks me to log in.",
        "whoever runs me adds the scope files:read to the Slack app and installs it again; until then, paste the lines",
    ),
    "missing_scope": (
        "I may not read files in this Slack.",
        "whoever runs me adds the scope files:read to the Slack app and installs it again; until then, paste the lines",
    ),
    "foreign_address": ("This file is not kept at Slack.", "a file from your device; I fetch from Slack's hosts alone"),
    "file_not_found": ("Slack does not show me this file any more.", "the file once more"),
}


class UploadOrigin(Frozen):
    """What the result remembers while it is shown."""

    token: str
    has_faults: bool


@dataclass(frozen=True, slots=True)
class UploadView:
    """What was made of what somebody handed in. Texts in here come from outside."""

    token: str
    source: str
    """Name of the file; empty: it was pasted."""
    unit: Unit
    fine: int
    """How many packages can go on."""
    faults: int
    faulty_rows: int
    merged: int
    shown: Sequence[Fault] = ()
    """Those of the page."""
    after: int = 0
    """How many stand before those."""
    remarks: Sequence[str] = ()
    hold: bool = False


def checking_view() -> View:
    """It was taken, and is being read."""
    text = "🔎 Reading what you handed in…"
    more = "You can close this: what I make of it then comes by DM. Nothing is asked for before you have seen it."
    return View(
        callback_id=Callback.BULK_CHECKING, title=TITLE, submit="", blocks=(section(text, more),), close="Close"
    )


def stopped_view(why: Message) -> View:
    """It ends here, for what a message says."""
    return View(callback_id=Callback.BULK_CHECKING, title=TITLE, submit="", blocks=why.blocks, close="Close")


def result_view(upload: UploadView) -> View:
    """Show the faults, a page of them, and let their person go on with the rest."""
    blocks: list[Block] = [section(*_headline(upload))]
    blocks += [section(_fault(upload.unit, fault)) for fault in upload.shown]
    blocks += [block for block in (_pages(upload), _buttons(upload)) if block]
    if upload.remarks:
        blocks.append(context(*(safe(remark, 600) for remark in upload.remarks[:5])))
    if upload.faults and upload.fine:
        blocks.append(_leave_out(upload))
    return View(
        callback_id=Callback.BULK_RESULT,
        title=TITLE,
        submit=f"Go on with {upload.fine:,}" if upload.fine else "",
        blocks=tuple(blocks),
        private_metadata=UploadOrigin(token=upload.token, has_faults=bool(upload.faults)).model_dump_json(),
        close="Close",
    )


def read_result_view(values: Mapping[str, str], metadata: str) -> str | list[Mistake]:
    """Read the go-ahead: of what. Faults have to be struck out, all of them."""
    origin = UploadOrigin.model_validate_json(metadata)
    if origin.has_faults and values.get(Field.LEAVE_OUT) != _LEAVE_OUT:
        expected = "the box ticked, or what you wrote changed"
        what = "Something is wrong with these."
        return [Mistake(what=what, expected=expected, got="", field=Field.LEAVE_OUT.value)]
    return origin.token


def render_upload_checked(upload: UploadView) -> Message:
    """Tell by DM what was found, where the form was closed meanwhile."""
    shown = [section(_fault(upload.unit, fault)) for fault in upload.shown[:_FAULTS_IN_A_MESSAGE]]
    look = actions(button("Look at it", Action.BULK_SHOW, upload.token, style="primary"))
    return message(_headline(upload)[0], section(*_headline(upload)), *shown, look)


def render_upload_gone() -> Message:
    """It is too old, or somebody else's."""
    return answer(
        "I do not have this any more: I keep what is handed in for a day, and for its person alone.",
        "Hand it in again with `/npmtrust bulk`.",
    )


def render_upload_used() -> Message:
    """Its person went on with it already."""
    return answer("You went on with this already: see the DM with the preview.")


def render_faults_not_sent(why: str) -> Message:
    """Slack does not take the file with them."""
    return answer(
        f"Slack does not take the file: {safe(why, 100)}.", "The same faults stand in the form, page by page."
    )


def render_going_on(packages: int) -> Message:
    """They are being looked at."""
    return answer(f"🔎 Looking at {count(packages, 'package')} on npm: the preview comes by DM.")


def file_fault(code: str) -> tuple[str, str, str]:
    """Say why Slack did not give a file: what, what to do, and Slack's word where we have none of our own."""
    what, expected = _FILES.get(code, ("Slack did not give me the file.", "the file once more, or the lines pasted"))
    return what, expected, "" if code in _FILES else code


def faults_csv(unit: Unit, faults: Sequence[Fault]) -> bytes:
    """Write all faults as CSV, in which no cell is a formula."""
    header = (unit.value, "column", "what is wrong", "expected", "got", "did you mean")
    rows = (
        (str(fault.row or ""), fault.column, fault.mistake.what, fault.mistake.expected, fault.mistake.got,
         fault.mistake.suggestion)
        for fault in faults
    )  # fmt: skip
    return b"\xef\xbb\xbf" + write_csv((header, *rows)).encode()


def faults_csv_name(now: datetime) -> str:
    """Name that file."""
    return f"npmtrust-faults-{now:%Y-%m-%d-%H%M}.csv"


def lines_file_name(number: int, place: int) -> str:
    """Name a file of lines that are to be asked for in another way."""
    return f"C-{number}-rejected-{place}.txt"


def render_lines_coming(number: int, *, packages: int, files: int) -> Message:
    """What was rejected is too long for a field of the form."""
    rest = " The others are handed in after it, each in the same way." if files > 1 else ""
    return answer(
        f"The {count(packages, 'package')} that were rejected of C-{number} are too many for a field of the form.",
        f"They came to you by DM as {count(files, 'file')}, with a line for each package: change what is to be another,"
        f" and choose the file in the form, or in that of `{COMMAND} bulk`.{rest}",
    )


def _headline(upload: UploadView) -> list[str]:
    what = safe(upload.source, 100) if upload.source else "What you pasted"
    if upload.faults and not upload.fine:
        first = f"❌ {bold(what)}: nothing in it can go on."
    elif upload.faults:
        wrong = _rows(upload.unit, upload.faulty_rows)
        first = f"⚠️ {bold(what)}: {count(upload.fine, 'package')} can go on; something is wrong in {wrong}."
    else:
        first = f"✅ {bold(what)}: {count(upload.fine, 'package')} can go on."
    merged = f"{count(upload.merged, 'double')} merged." if upload.merged else ""
    held = "Held: nothing runs before somebody presses [Run now]." if upload.hold else ""
    ask = (
        "Nothing is asked for yet: I look at each package on npm first, and show you a preview." if upload.fine else ""
    )
    return [first, *filter(None, (merged, held, ask))]


def _fault(unit: Unit, fault: Fault) -> str:
    place = f"{unit.value.capitalize()} {fault.row:,}" if fault.row else ""
    where = ", ".join(filter(None, (place, safe(fault.column, 60))))
    mistake = fault.mistake
    return " ".join(_sentences(bold(where) + ":" if where else "", mistake))


def _sentences(where: str, mistake: Mistake) -> Iterator[str]:
    if where:
        yield where
    yield safe(mistake.what, 300)
    if mistake.got:
        yield f"Came: {typed(mistake.got, 200)}."
    yield (
        f"Did you mean {typed(mistake.suggestion, 200)}?"
        if mistake.suggestion
        else f"Expected: {safe(mistake.expected)}."
    )


def _pages(upload: UploadView) -> Block | None:
    """Tell which of many are shown, and lead to the others."""
    if upload.faults <= len(upload.shown):
        return None
    to, earlier = upload.after + len(upload.shown), max(0, upload.after - FAULTS_ON_A_PAGE)
    label = f"Next ({to:,} of {upload.faults:,} shown)"
    return actions(
        button("Back", Action.BULK_EARLIER, f"{upload.token} {earlier}") if upload.after else None,
        button(label, Action.BULK_LATER, f"{upload.token} {to}") if to < upload.faults else None,
        button("All of them as CSV", Action.BULK_FAULTS, upload.token),
    )


def _buttons(upload: UploadView) -> Block | None:
    return actions(button("Change what I wrote", Action.BULK_AGAIN, upload.token))


def _leave_out(upload: UploadView) -> Block:
    words = f"Leave out what is wrong in {_rows(upload.unit, upload.faulty_rows)}, and go on"
    option = {"text": plain(words, 75), "value": _LEAVE_OUT}
    return {
        "type": "input",
        "block_id": Field.LEAVE_OUT.value,
        "label": plain("What is wrong", 2000),
        "element": {"type": "checkboxes", "action_id": FIELD_ACTION, "options": [option]},
        "optional": True,
    }


def _rows(unit: Unit, number: int) -> str:
    return count(number, unit.value)
