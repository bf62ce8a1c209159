"""The form for many packages, and what is shown of what was handed in."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot

from bot.domain.bulk import Defaults, Fault, Unit
from bot.domain.mistakes import Mistake
from bot.domain.publishers import Permission, Provider
from bot.messages.bulk import (
    FAULTS_ON_A_PAGE,
    UploadView,
    checking_view,
    faults_csv,
    file_fault,
    read_result_view,
    render_faults_not_sent,
    render_going_on,
    render_upload_checked,
    render_upload_gone,
    render_upload_used,
    result_view,
    stopped_view,
)
from bot.messages.bulk_form import BulkDraft, BulkRequest, bulk_form, read_bulk_form
from bot.messages.message import View
from bot.sandbox.slack_blocks import check_message_blocks, check_view, is_too_large
from tests.messages.reading import read, texts_of

DEFAULTS = Defaults(
    provider=Provider.GITLAB,
    fields={"project": ("acme/{unscoped}",), "file": (".gitlab-ci.yml",)},
    permissions=(Permission.STAGE,),
    reason="drop tokens",
    hold=True,
)
FORM = bulk_form(BulkDraft(defaults=DEFAULTS, lines="@acme/ui\n@acme/*"), channel="C0GENERAL")
FILLED = {
    "upload": "",
    "lines": "@acme/ui\n@acme/*",
    "provider": "gitlab",
    "file": ".gitlab-ci.yml",
    "repository": "acme/{unscoped}",
    "environment": "",
    "permissions": "createStagedPackage",
    "reason": " drop\ntokens ",
    "hold": "hold",
}


def a_fault(row: int = 7, text: str = "pubish") -> Fault:
    mistake = Mistake(what="There is no such permission.", expected="publish or stage", got=text, suggestion="publish")
    return Fault(row=row, column="permissions", mistake=mistake)


def an_upload(**changes: Any) -> UploadView:  # noqa: ANN401 -- any field of it
    given: dict[str, Any] = {
        "token": "t" * 22,
        "source": "packages.csv",
        "unit": Unit.ROW,
        "fine": 5,
        "faults": 0,
        "faulty_rows": 0,
    }
    return UploadView(**({**given, "merged": 0} | changes))


def blocks_of(view: View) -> dict[str, Any]:
    return {block["block_id"]: block for block in view.blocks if block["type"] == "input"}


def test_the_form_shows_what_it_was_given_and_reads_it_again() -> None:
    fields = blocks_of(FORM)
    assert list(fields) == [*FILLED]
    assert fields["upload"]["element"]["filetypes"] == ["csv", "json", "tsv", "txt"]
    assert [option["value"] for option in fields["hold"]["element"]["initial_options"]] == ["hold"]
    assert "initial_options" not in blocks_of(bulk_form(BulkDraft(), channel="C"))["hold"]["element"]
    assert fields["provider"]["element"]["initial_option"]["value"] == "gitlab"
    assert fields["repository"]["element"]["initial_value"] == "acme/{unscoped}"
    assert read_bulk_form(FILLED, FORM.private_metadata) == BulkRequest(
        channel="C0GENERAL", draft=BulkDraft(defaults=DEFAULTS, lines="@acme/ui\n@acme/*")
    )
    file = read_bulk_form({**FILLED, "lines": " ", "upload": "F123"}, FORM.private_metadata)
    assert isinstance(file, BulkRequest)
    assert file.file == "F123"


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"lines": "  "}, ["lines"]),
        ({"upload": "F123"}, ["lines"]),
        ({"file": "a/b.yml", "repository": "{what}/x"}, ["repository", "file"]),
        ({"provider": "circleci", "environment": "prod"}, ["repository", "file", "environment"]),
    ],
)
def test_a_mistake_in_the_form_names_its_field(changes: dict[str, str], fields: list[str]) -> None:
    found = read_bulk_form(FILLED | changes, FORM.private_metadata)
    assert isinstance(found, list)
    assert [mistake.field for mistake in found] == fields


def test_the_result_tells_every_fault_with_its_place_and_the_way_out() -> None:
    whole = Fault(row=0, mistake=Mistake(what="This file is empty.", expected="a CSV file", got=""))
    shown = result_view(an_upload(faults=2, faulty_rows=1, merged=3, shown=(a_fault(),), remarks=("Not read: x.",)))
    *sections, pages, again, remarks, leave_out = shown.blocks
    assert read(View("", "", "", tuple(sections))) == snapshot("""\
⚠️ packages.csv: 5 packages can go on; something is wrong in 1 row.
3 doubles merged.
Nothing is asked for yet: I look at each package on npm first, and show you a preview.
Row 7, permissions: There is no such permission. Came: `pubish`. Did you mean `publish`?\
""")
    assert [element["text"]["text"] for element in pages["elements"]] == ["Next (1 of 2 shown)", "All of them as CSV"]
    assert [element["text"]["text"] for element in again["elements"]] == ["Change what I wrote"]
    assert "Not read: x." in str(remarks)
    assert leave_out["element"]["options"][0]["text"]["text"] == "Leave out what is wrong in 1 row, and go on"
    assert shown.submit == "Go on with 5"
    nothing = result_view(an_upload(fine=0, faults=1, faulty_rows=1, shown=(whole,), source=""))
    assert read(nothing) == snapshot("""\
❌ What you pasted: nothing in it can go on.
This file is empty. Expected: a CSV file.
[Change what I wrote]\
""")
    assert nothing.submit == ""
    assert read(render_upload_checked(an_upload(hold=True))) == snapshot("""\
✅ packages.csv: 5 packages can go on.
Held: nothing runs before somebody presses [Run now].
Nothing is asked for yet: I look at each package on npm first, and show you a preview.
[Look at it]\
""")


def test_going_on_wants_the_faults_struck_out() -> None:
    faulty = result_view(an_upload(faults=1, faulty_rows=1, shown=(a_fault(),))).private_metadata
    fine = result_view(an_upload()).private_metadata
    found = read_result_view({"leave-out": ""}, faulty)
    assert isinstance(found, list)
    assert [mistake.field for mistake in found] == ["leave-out"]
    assert read_result_view({"leave-out": "leave out"}, faulty) == read_result_view({}, fine) == "t" * 22


@pytest.mark.parametrize("after", [0, 15, 4995])
def test_five_thousand_faults_are_paged_within_slacks_limits(after: int) -> None:
    page = [a_fault(row, "x" * 200) for row in range(after + 1, min(after + FAULTS_ON_A_PAGE, 5000) + 1)]
    view = result_view(
        an_upload(source="s" * 300, faults=5000, faulty_rows=5000, shown=page, after=after, remarks=("r" * 900,) * 9)
    ).as_dict()
    assert check_view(view) == []
    assert not is_too_large(view)
    labels = [element["text"]["text"] for block in view["blocks"] for element in block.get("elements", ()) if
              element["type"] == "button"]  # fmt: skip
    assert (
        labels
        == {
            0: ["Next (15 of 5,000 shown)", "All of them as CSV", "Change what I wrote"],
            15: ["Back", "Next (30 of 5,000 shown)", "All of them as CSV", "Change what I wrote"],
            4995: ["Back", "All of them as CSV", "Change what I wrote"],
        }[after]
    )


def test_all_faults_as_csv_hold_no_formula() -> None:
    content = faults_csv(Unit.LINE, [a_fault(3, "=cmd()"), a_fault(0, "@SUM(1)")])
    assert content.startswith(b"\xef\xbb\xbf")
    header, first, second = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert header[0] == "line"
    assert (first[0], first[4], second[0], second[4]) == ("3", "'=cmd()", "", "'@SUM(1)")


@settings(max_examples=15, deadline=None)
@given(st.one_of(st.text(max_size=40), st.sampled_from(("<!channel>", "*b* `c`", "x" * 3000, "\U0001f600" * 400))))
def test_slack_takes_whatever_comes_from_outside(text: str) -> None:
    mistake = Mistake(what=text or "x", expected=text, got=text, suggestion=text)
    fault = Fault(row=1, column=text, mistake=mistake)
    upload = an_upload(source=text, faults=1, faulty_rows=1, shown=(fault,), remarks=(text or "x",))
    draft = BulkDraft(defaults=Defaults(fields={"file": (text,)}, reason=text), lines=text)
    stopped = stopped_view(render_upload_gone())
    for view in (result_view(upload), bulk_form(draft, channel="C"), checking_view(), stopped):
        assert check_view(view.as_dict()) == []
    others = (render_upload_used(), render_going_on(1), render_faults_not_sent(text))
    for message in (render_upload_checked(upload), *others):
        assert check_message_blocks(list(message.blocks)) == []
    markup = [part["text"] for part in texts_of(list(result_view(upload).blocks)) if part["type"] == "mrkdwn"]
    assert not [part for part in markup if "<!" in part]


def test_what_slack_says_of_a_file_is_told_with_the_way_out() -> None:
    for code in ("file_too_large", "login_page", "missing_scope", "foreign_address", "file_not_found"):
        what, expected, got = file_fault(code)
        assert what
        assert expected
        assert got == ""
    assert file_fault("address_refused")[2] == "address_refused"
