# ruff: noqa: E501 -- what people read is not wrapped
from inline_snapshot import snapshot

from bot.domain.lifecycle import OPEN_STATES, State
from bot.messages import decisions
from bot.messages.decisions import Next
from tests.messages.examples import APPROVED, OLGA, RITA
from tests.messages.reading import read


def test_an_approval_that_counts_says_what_comes_next() -> None:
    told = {what.value: read(decisions.render_approved(42, what, executor=OLGA)) for what in Next}
    assert told == snapshot(
        {
            "confirm": "👍 C-42 is approved. Next: confirm at npm, if npm asks. Its link then comes to you by DM.",
            "log_in": "👍 C-42 is approved. Next: log in at npm, since your session is over. Its link comes to you by DM.",
            "in_turn": "👍 C-42 is approved. Another call is on its way. When this one is next, I send you a DM with npm's link.",
            "held": "👍 C-42 is approved. Held: nothing is sent to npm before somebody presses Run now.",
            "paused": "👍 C-42 is approved. Paused: nothing is sent to npm before somebody resumes it.",
            "other_account": "👍 C-42 is approved. It runs with the npm account of @U0OLGA: you need not do anything more.",
        }
    )
    assert read(decisions.render_approved(42, Next.OTHER_ACCOUNT)) == snapshot(
        "👍 C-42 is approved. It runs with the npm account of another approver: you need not do anything more."
    )
    assert read(decisions.render_approval_counted(42, missing=1)) == snapshot(
        "👍 Your approval of C-42 counts. 1 more approval to go."
    )
    assert read(decisions.render_taken_over(42, Next.LOG_IN)) == snapshot(
        "👍 C-42 runs with your npm account now. Next: log in at npm, since your session is over. Its link comes to you by DM."
    )


def test_every_other_press_is_answered() -> None:
    told = [
        read(message)
        for message in (
            decisions.render_already_approved(42, APPROVED),
            decisions.render_rejected(42),
            decisions.render_withdrawn(42),
            decisions.render_too_late(42),
            decisions.render_decided_already(42, RITA),
            decisions.render_nothing_to_decide(42),
            decisions.render_looking(42),
            decisions.render_never_issued(),
            decisions.render_cancelled(42),
            decisions.render_cancelled(42, is_part_done=True),
            decisions.render_cancel_wanted(42),
            decisions.render_cannot_cancel_half(42),
            decisions.render_handoff_gone(),
            decisions.render_not_your_link(),
            decisions.render_later(),
            decisions.render_ready(),
            decisions.render_login_coming(),
            decisions.render_disowned(),
            decisions.render_link_decision(is_same=True),
            decisions.render_link_decision(is_same=False),
            decisions.render_link_decided_already(),
            decisions.render_npm_user_taken("otto-npm"),
        )
    ]
    assert told == snapshot(
        [
            "You approved C-42 Mon 14:03 UTC already, and it counts once. Nothing more to do.",
            "C-42 is rejected, with your reason in the channel. Nothing changed at npm.",
            "Your approval of C-42 is withdrawn. Nothing is sent to npm unless it is approved again.",
            "Too late for that: the call of C-42 has started. Its message shows what comes of it.",
            """\
C-42 is approved already, so it cannot be rejected any more.
Until npm is called, who approved can withdraw, and @U0RITA and the admins can cancel.\
""",
            "C-42 does not need that any more. Its message shows where it is.",
            "I read with your npm account what stands behind C-42. npm may ask you to confirm: the link comes by DM.",
            "This button is not one of mine, or it is from before I was set up anew. Nothing happened.",
            "C-42 is cancelled. Nothing changed at npm.",
            "The rest of C-42 is cancelled. What was done before stays: its message shows it.",
            "C-42 runs already: it stops if npm has not acted. Its message shows what came of it.",
            "C-42 is half done, and is finished or undone as it was approved: stopping here would leave it half.",
            "This link is over, and nothing waits for it. If I need you again, I send a new one.",
            "This link was made for somebody else, so only they can use its buttons.",
            "All right. Press “I'm ready” when you are at your computer; other requests go on.",
            "Good. I ask npm for a new link; it comes here in a moment.",
            "I sent you a DM with npm's login link.",
            "Stopped. I wiped your npm session and told the admins; the message below says what to do next.",
            "Confirmed. I told them, and they can approve from now on.",
            "Refused. I told them; nothing was done with that login.",
            "This is decided already, or they logged in anew. The message shows how it stands.",
            "npm user otto-npm belongs to another person here by now, so this link is closed.",
        ]
    )


def test_what_has_ended_is_told_with_its_end() -> None:
    told = [read(decisions.render_finished(42, state)) for state in State if state not in OPEN_STATES]
    assert told == snapshot(
        [
            "C-42 is finished: it is done. Nothing was changed now.",
            "C-42 is finished: it was so already. Nothing was changed now.",
            "C-42 is finished: it was gone already. Nothing was changed now.",
            "C-42 is finished: the old configuration was put back. Nothing was changed now.",
            "C-42 is finished: npm refused it, since it overlaps with another configuration. Nothing was changed now.",
            "C-42 is finished: npm refused it. Nothing was changed now.",
            "C-42 is finished: it was rejected. Nothing was changed now.",
            "C-42 is finished: it was cancelled. Nothing was changed now.",
            "C-42 is finished: it expired. Nothing was changed now.",
            "C-42 is finished: it ended without a known outcome. Nothing was changed now.",
            "C-42 is finished: it was left half replaced. Nothing was changed now.",
        ]
    )
    assert read(decisions.render_finished(42, State.APPLIED, APPROVED)) == snapshot(
        "C-42 is finished Mon 14:03 UTC: it is done. Nothing was changed now."
    )
    assert len(set(told)) == len(told)
