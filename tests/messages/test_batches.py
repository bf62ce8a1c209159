"""The preview of a batch and the form in which its packages are ticked."""

import inspect
from dataclasses import replace

import pytest

from bot.domain.batch import BatchState, BatchView, Effort, Example, ListedGroup, PlacedRequest, Status, Tally, Why
from bot.messages.batch_form import (
    MOST_GROUPS,
    PAGE,
    ChoiceOrigin,
    Choosable,
    choice_form,
    read_choice,
)
from bot.messages.batches import render_batch, render_batch_asked, render_batch_empty, render_batch_over, render_looks
from bot.messages.message import Message, View
from bot.sandbox.slack_blocks import check_message_blocks, check_view
from tests.messages.reading import read

VIEW = BatchView(
    value="token:2",
    state=BatchState.READY,
    what="github @acme/* --file release.yml",
    selection="@acme/*",
    channel="C0GENERAL",
    reason="drop tokens",
    total=6,
    tallies=(
        Tally(Status.INCLUDED, None, 2, (Example(("@acme/ui", "@acme/core"), number=2),)),
        Tally(Status.UNTICKED, Why.QUIET, 1, (Example(("@acme/old",)),)),
        Tally(Status.SKIPPED, Why.PENDING, 1, (Example(("@acme/icons",), "C-7"),)),
        Tally(
            Status.FAULTY,
            Why.NO_REPOSITORY,
            2,
            (Example(("@acme/a",)), Example(("@acme/b",), "acme/b on codeberg.org")),
        ),
    ),
    groups=(ListedGroup("1f", "acme/ui → release.yml, Environment: any (publish)", 2, 3),),
    effort=Effort(2, 4.2, 1),
)
NASTY = "<!channel> *b* `c` & " + "x" * 200


def test_a_preview_tells_all_that_is_decided_by_a_press() -> None:
    assert read(render_batch(VIEW)) == inspect.cleandoc(
        """
        2 packages can be asked for
        `github @acme/* --file release.yml`
        Why: drop tokens · in #C0GENERAL
        `@acme/*` matches 6 packages.
        • acme/ui → release.yml, Environment: any (publish): 2 of 3 packages
        Not ticked: 1
        • 1 without a release for a year: @acme/old
        Skipped: 3
        • 1 asked for already: @acme/icons (C-7)
        • 2 without a repository that fits (name it with `--repo`): @acme/a; @acme/b (acme/b on codeberg.org)
        Once approved: 2 calls to npm, about 1 minute, and about 1 confirmation at npm.
        [Ask for 2] [Choose…] [Drop]
        """
    )


@pytest.mark.parametrize(
    ("view", "text"),
    [
        (replace(VIEW, state=BatchState.LISTING, total=0, tallies=()), "I look up the packages…"),
        (replace(VIEW, state=BatchState.LOOKING, total=40, left=10), "30 of 40"),
        (replace(VIEW, dry_run=True), "A dry run: 2 packages can be asked for"),
        (replace(VIEW, tallies=VIEW.tallies[1:]), "1 package to choose from, and none is ticked"),
        (replace(VIEW, tallies=VIEW.tallies[2:]), "There is nothing to ask for"),
        (replace(VIEW, hold=True), "presses Run now"),
        (replace(VIEW, effort=Effort(2, 4.2, 2, each_call=True)), "2 confirmations, since npm asks for each call"),
        (replace(VIEW, takes_all=True), "whoever owns it"),
        (replace(VIEW, state=BatchState.STAGED, requests=(PlacedRequest("C0GENERAL", 2, 9),)), "Asked as C-9"),
        (replace(VIEW, state=BatchState.DROPPED), "nothing was asked for"),
        (replace(VIEW, state=BatchState.FAILED, note="20000 packages match."), "20000 packages match."),
        (replace(VIEW, state=BatchState.FAILED), "I know of no package that matches"),
    ],
)
def test_each_state_has_its_words(view: BatchView, text: str) -> None:
    assert text in read(render_batch(view))


@pytest.mark.parametrize("state", BatchState)
def test_a_preview_of_many_is_within_slacks_limits(state: BatchState) -> None:
    tallies = [
        Tally(status, why, 10_000, (Example((NASTY,), NASTY, 9),) * 5) for status in Status for why in (None, *Why)
    ]
    groups = [ListedGroup(str(number), NASTY, 10_000, 10_000) for number in range(9)]
    view = BatchView(
        value="x" * 40,
        state=state,
        what=NASTY * 10,
        selection=NASTY * 5,
        takes_all=True,
        channel="C0GENERAL",
        reason=NASTY * 10,
        hold=True,
        note=NASTY * 10,
        total=10_000,
        unseen=9,
        tallies=tuple(tallies),
        groups=tuple(groups),
        effort=Effort(40_000, 84_000.0, 40_000, each_call=True),
        remarks=(NASTY,) * 5,
        requests=tuple(PlacedRequest(f"C0{place}", 10, place) for place in range(50)),
    )
    message = render_batch(view)
    check(message)
    assert len(str(message.blocks)) < 40_000
    assert "<!channel>" not in str(message.blocks)


def check(message: Message) -> None:
    assert check_message_blocks(list(message.blocks)) == []


def form(**changes: object) -> View:
    origin = ChoiceOrigin(value="v" * 60, text="p" * 200, likeness="0", page=19, drawing=999).model_copy(update=changes)
    shown = [Choosable(9950 + number, f"@acme/{'n' * 200}{number}", number % 2 == 0, NASTY) for number in range(PAGE)]
    groups = [ListedGroup(str(number), NASTY, 100, 100) for number in range(150)]
    return choice_form(origin, shown, groups, found=10_000, chosen=4321)


def test_a_page_of_ten_thousand_is_within_slacks_limits() -> None:
    view = form()
    assert check_view(view.as_dict()) == []
    assert len(view.blocks) <= 100
    assert len(view.private_metadata) <= 3000
    [select] = [block["element"] for block in view.blocks if block.get("element", {}).get("type") == "static_select"]
    assert len(select["options"]) == MOST_GROUPS + 1


def test_what_stands_in_the_form_is_read_again() -> None:
    view = form(text="", likeness="")
    fields = [block for block in view.blocks if str(block.get("block_id", "")).startswith("ticks-")]
    values = {
        block["block_id"]: " ".join(option["value"] for option in block["element"].get("initial_options", ()))
        for block in fields
    }
    origin, text, likeness, ticked = read_choice(values | {"find": " ui ", "group": "3"}, view.private_metadata)
    assert (origin.page, text, likeness) == (19, "ui", "3")
    assert ticked == frozenset(range(9950, 9950 + PAGE, 2))
    assert read_choice({"group": "all", "ticks-1-1": "x ²"}, view.private_metadata)[2:] == ("", frozenset())


def test_nothing_found_is_said() -> None:
    view = choice_form(ChoiceOrigin(value="v", text="zzz"), [], [], found=0, chosen=0)
    assert check_view(view.as_dict()) == []
    assert "Nothing that can be ticked has such a name." in str(view.blocks)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (render_batch_asked(PlacedRequest("C0GENERAL", 5, 3), left_out=2), "2 packages left out"),
        (render_batch_asked(PlacedRequest("D0X", 5, 3), left_out=0), "see the message here"),
        (render_batch_empty(3), "all 3 were asked for by somebody else meanwhile"),
        (render_batch_empty(0), "Nothing is ticked"),
        (render_batch_over(BatchState.STAGED, numbers=[7, 8]), "as C-7, C-8"),
        (render_batch_over(BatchState.LOOKING), "I still look at the packages"),
        (render_batch_over(BatchState.DROPPED), "was dropped"),
        (render_looks(4, done=3, total=9, unclear=1, waits=True), "It waits for you"),
        (render_looks(4, done=9, total=9, unclear=0, waits=False), "status C-4"),
    ],
)
def test_answers_say_what_came_of_a_press(message: Message, text: str) -> None:
    assert text in read(message)
    check(message)
