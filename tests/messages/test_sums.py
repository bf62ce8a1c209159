# ruff: noqa: E501 -- what people read is not wrapped
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot

from bot.domain.lifecycle import OPEN_STATES, State, WaitFor
from bot.domain.operations import Revoke
from bot.domain.packages import PackageName
from bot.domain.publishers import GitHub
from bot.domain.sums import Awaited, Ended, GroupView, SumView
from bot.messages import sums
from bot.messages.change_set import render_change_set, render_elsewhere, render_outcome_note, render_review_request
from bot.messages.ids import Action
from bot.messages.listings import render_pending, render_status
from bot.messages.steps_view import STATES, StepsOrigin, read_steps_search, steps_view
from bot.sandbox.slack_blocks import check_message_blocks, check_view, is_too_large
from tests.messages.examples import ASKED, CREATE, DEADLINE, FINISHED, OLGA, OTTO, REPLACE, RITA, a_step, a_view
from tests.messages.reading import actions_of, read, read_notification

OPEN = {State.IN_REVIEW: 80, State.READY: 197, State.WAITING: 3, State.APPLIED: 118, State.UNRESOLVED: 2}
OVER = {State.APPLIED: 380, State.ALREADY_IN_PLACE: 10, State.CONFLICT: 4, State.REFUSED: 5, State.EXPIRED: 1}


def a_sum(**changes: object) -> SumView:
    ordinary: dict[str, Any] = {
        "number": 42,
        "requester": RITA,
        "reason": "drop tokens",
        "created_at": ASKED,
        "deadline": DEADLINE,
        "offer": "offer-1",
        "channel": "C0GENERAL",
        "size": 400,
        "tally": OPEN,
        "groups": (GroupView(operation=CREATE, size=400, position=0, tally=OPEN, warned=3),),
        "groups_in_all": 1,
        "reviewers": (OTTO, OLGA),
        "approvals_missing": 1,
    }
    return SumView(**(ordinary | changes))


def test_one_message_tells_where_four_hundred_steps_are() -> None:
    view = a_sum(
        awaited=(
            Awaited(person=OTTO, waits_for=WaitFor.CONFIRMATION, steps=3),
            Awaited(person=OLGA, waits_for=WaitFor.LOGIN, steps=97, away=True),
            Awaited(person=OLGA, waits_for=WaitFor.TERMINAL, steps=2),
            Awaited(person="", waits_for=WaitFor.ACCOUNT, steps=1),
        ),
        unlinked=("ana-npm",),
        has_more_reviewers=True,
        needs_look=True,
        troubles=("npm could not be reached",),
        speed=24.6,
        paused=True,
        stopped="❄️ frozen",
    )
    assert read(render_change_set(view)) == snapshot("""\
@U0RITA asks for 400 changes
Why: drop tokens
`▓▓▓▓▓▓░░░░░░░░░░░░░░` 120 of 400
118 done, 197 approved, 3 waiting for a person, 80 in review, 2 to look at
⏸ Paused: no new call starts.
❄️ frozen
80 packages in review: each needs 1 of @U0OTTO, @U0OLGA, and the maintainers of the others · not linked: ana-npm
A reviewer must first press Look.
✋ 3 packages wait for @U0OTTO to confirm at npm.
✋ 97 packages wait for @U0OLGA to press I'm ready in their DM.
✋ 2 packages wait for @U0OLGA, who runs them in their own terminal.
✋ 1 package: nobody who approved can make the call at npm. Whoever maintains them can press Run with my account.
⏳ npm could not be reached. Nobody has to do anything.
• acme/ui → release.yml · Environment: any · publish, stage: 400 packages · 118 done · ⚠️ 3 with a warning
[Approve…] [Look] [Reject…] [Run with my account] [Withdraw my approval] [Details] [Results as CSV] [I maintain this: link my npm account] [Resume] [Cancel]
(until Thu 14:05 UTC · C-42)\
""")
    assert read_notification(render_change_set(view)) == snapshot(
        "C-42: @U0RITA asks for 400 changes · 118 done, 197 approved, 3 waiting for a person, 80 in review, 2 to look at"
    )


def test_the_end_report_says_what_came_of_it_with_a_button_for_each_next_step() -> None:
    view = a_sum(
        tally=OVER,
        ended=(
            Ended(state=State.CONFLICT, steps=4, packages=("@acme/a", "@acme/b")),
            Ended(state=State.REFUSED, steps=5, packages=("@acme/c",), words="file is required"),
        ),
        publish_before=FINISHED + timedelta(days=2),
        ended_at=FINISHED,
        cancelled_by=RITA,
        disowned_by=OTTO,
        groups=(
            GroupView(operation=REPLACE, size=200, position=0),
            GroupView(operation=Revoke(package=PackageName("x"), from_repository="acme/old"), size=199, position=1),
            GroupView(operation=Revoke(package=PackageName("x"), configuration_id="1"), size=1, position=2),
        ),
        groups_in_all=5,
    )
    assert read(render_change_set(view)) == snapshot("""\
@U0RITA asks for 400 changes
Why: drop tokens
⏹ Cancelled by @U0RITA.
🛑 @U0OTTO says that a link of npm's for it was not theirs.
Finished Mon 14:06 UTC
✅ 380 packages applied. Publish through them before Wed 14:06 UTC, or npm drops them.
✅ 10 packages were so already: nothing to do.
✋ 1 expired: nothing changed at npm.
❌ Another configuration overlaps · 4 packages: @acme/a, @acme/b and 2 more
❌ npm refused: "file is required" · 5 packages: @acme/c and 4 more
• replace with acme/ui → release.yml · Environment: any · publish, stage: 200 packages
• revoke the configuration for acme/old: 199 packages
• revoke a configuration: 1 package
… and 2 more groups: see Details.
[Retry what failed] [Replace what overlaps…] [Details] [Results as CSV]
(C-42)\
""")
    assert Action.RETRY not in actions_of(render_change_set(a_sum(tally={State.APPLIED: 400})))


def test_what_is_held_runs_by_group_or_all_at_once() -> None:
    groups = tuple(
        GroupView(
            operation=CREATE.model_copy(update={"publisher": GitHub(repository=f"acme/{n}", file="r.yml")}),
            size=50,
            position=n,
            held=50,
        )
        for n in range(8)
    )
    buttons = actions_of(render_change_set(a_sum(groups=groups, groups_in_all=8, held=197)))
    assert [buttons[name]["value"] for name in (Action.RUN_HELD, Action.RUN_HELD_5, Action.RUN_ALL_HELD)] == [
        "offer-1:0",
        "offer-1:4",
        "offer-1:",
    ]
    assert "197 packages" in buttons[Action.RUN_ALL_HELD]["confirm"]["text"]["text"]
    one = actions_of(render_change_set(a_sum(groups=groups[:1], held=50)))
    assert Action.RUN_ALL_HELD not in one
    assert Action.RUN_HELD in one


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=3000), st.sampled_from([1000, 10_000]), st.booleans())
def test_at_ten_thousand_steps_every_message_is_one_that_slack_takes(text: str, size: int, is_open: bool) -> None:  # noqa: FBT001
    states = sorted(State) if is_open else sorted(set(State) - OPEN_STATES)
    publisher = GitHub(repository=text, file=text, environment=text)
    operation = CREATE.model_copy(update={"publisher": publisher, "package": PackageName(text)})
    view = a_sum(
        size=size,
        tally=dict.fromkeys(states, size // len(states)),
        reason=text,
        groups=tuple(GroupView(operation=operation, size=9, position=n, held=1, warned=1) for n in range(12)),
        groups_in_all=size,
        held=12 if is_open else 0,
        awaited=tuple(Awaited(person=OTTO, waits_for=waits, steps=9, away=True) for waits in WaitFor) * 4,
        reviewers=(OTTO,) * 50,
        unlinked=(text,) * 50,
        troubles=(text,) * 5,
        speed=1.0,
        ended=tuple(Ended(state=State.REFUSED, steps=9, packages=(text,) * 5, words=text) for _ in range(50)),
        publish_before=FINISHED,
        needs_look=True,
    )
    for message in (
        *(draw(view) for draw in (render_change_set, render_review_request, render_elsewhere, render_outcome_note)),
        render_pending([view] * 60),
        render_status([view] * 60),
    ):
        assert check_message_blocks(list(message.blocks)) == []


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=3000))
def test_a_page_of_details_is_one_that_slack_takes(text: str) -> None:
    operation = CREATE.model_copy(update={"package": PackageName(text)})
    steps = [a_step(operation, position=n, warnings=(text,) * 5, npm_message=text) for n in range(8)]
    origin = StepsOrigin(offer="o" * 22, text=text[:214], page=1)
    view = steps_view(a_view(*steps, reason=text), origin, found=10_000, visible={0, 1}).as_dict()
    assert check_view(view) == []
    assert not is_too_large(view)


def test_details_are_searched_from_the_first_page_on() -> None:
    origin = StepsOrigin(offer="o", text="ui", state="failed", page=3)
    metadata = origin.model_dump_json()
    assert read_steps_search({"search": " KIT "}, metadata, 0, is_new=True) == StepsOrigin(
        offer="o", text="kit", state="failed"
    )
    assert read_steps_search({"search": "other"}, metadata, 4, is_new=False).page == 4
    assert StepsOrigin(offer="o", state="made up").states == ()
    assert State.REFUSED in origin.states
    assert {state for _, states in STATES.values() for state in states} == set(State)
    empty = steps_view(a_view(reason=""), origin, found=0, visible=())
    assert "No change is like that." in str(empty.blocks)


def test_answers_to_the_buttons_of_many_steps() -> None:
    told = sums.render_run_now(42, 40, DEADLINE, waiting=2)
    assert read(told) == snapshot(
        "▶️ 40 packages of C-42 are not held any more: they have until Thu 14:05 UTC. 2 of them still need an approval."
    )
    told = sums.render_run_now(42, 1, DEADLINE, waiting=0)
    assert read(told) == "▶️ 1 package of C-42 is not held any more: it has until Thu 14:05 UTC."
    assert "Nothing of that is held" in read(sums.render_nothing_held(42))
    assert "thread" in read(sums.render_export_coming(42))
    assert "preview comes by DM" in read(sums.render_replacing(42, 4))
    assert sums.results_csv_name(42, ASKED) == "C-42-2026-11-23-1400.csv"
    assert sums.results_csv_title(42) == "Results of C-42"
