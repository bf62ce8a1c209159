"""Answers to a press, seen only by the person who pressed. `denials` answers presses against the rules."""

from datetime import datetime
from enum import StrEnum
from typing import assert_never

from bot.domain.lifecycle import State
from bot.domain.windows import Asking
from bot.messages._blocks import answer
from bot.messages._text import count, mention, safe, when
from bot.messages.message import Message


class Next(StrEnum):
    """What follows an approval that met the quorum."""

    CONFIRM = "confirm"
    """A link of npm's comes by DM at once."""
    LOG_IN = "log_in"
    """The session is over: a login link comes by DM."""
    IN_TURN = "in_turn"
    """Another call is on its way; the link comes when this one is next."""
    OTHER_ACCOUNT = "other_account"
    """Another approver's account is used."""
    HELD = "held"
    """Nothing runs before somebody presses [Run now]."""
    PAUSED = "paused"
    """Nothing runs before somebody resumes it."""


_STATES = {
    State.APPLIED: "it is done",
    State.ALREADY_IN_PLACE: "it was so already",
    State.ALREADY_GONE: "it was gone already",
    State.RESTORED: "the old configuration was put back",
    State.CONFLICT: "npm refused it, since it overlaps with another configuration",
    State.REFUSED: "npm refused it",
    State.REJECTED: "it was rejected",
    State.CANCELLED: "it was cancelled",
    State.EXPIRED: "it expired",
    State.UNRESOLVED: "it ended without a known outcome",
    State.LEFT_HALF: "it was left half replaced",
}


def render_approval_counted(number: int, *, missing: int, packages: int = 1, is_shared: bool = False) -> Message:
    """Approved, and others must approve too; of many packages a share may then run with the own account."""
    what = f"{count(packages, 'package')} of C-{number}" if packages > 1 else f"C-{number}"
    share = "If you are still here then, a share of them runs with your npm account: npm's link comes by DM."
    told = f"👍 Your approval of {what} counts. {count(missing, 'more approval')} to go."
    return answer(told, share if is_shared else "")


def render_approved(
    number: int, what_next: Next, *, executor: str = "", calls: int = 1, asking: Asking = Asking.UNKNOWN
) -> Message:
    """Approved, and the quorum is met; before several calls it is told what npm asked this session for so far."""
    outlook = outlook_words(calls, asking) if calls > 1 and what_next in {Next.CONFIRM, Next.IN_TURN} else ""
    return answer(f"👍 C-{number} is approved. {next_words(what_next, executor)}", outlook)


def render_taken_over(number: int, what_next: Next, *, packages: int = 1) -> Message:
    """Another reviewer's account is used from now on, for all of it or for a share."""
    is_one = packages == 1
    what = f"C-{number} runs" if is_one else f"{count(packages, 'package')} of C-{number} run"
    now = "" if what_next in {Next.HELD, Next.PAUSED} else " now"
    return answer(f"👍 {what} with your npm account{now}. {next_words(what_next, '')}")


def render_already_approved(number: int, at: datetime) -> Message:
    """A second press."""
    return answer(f"You approved C-{number} {when(at)} already, and it counts once. Nothing more to do.")


def render_chosen(number: int) -> Message:
    """Of several configurations one is what the request is about."""
    return answer(f"C-{number} is about this one now: Details shows it, and its reviewers can approve it.")


def render_rejected(number: int) -> Message:
    """The rejection stands."""
    return answer(f"C-{number} is rejected, with your reason in the channel. Nothing changed at npm.")


def render_withdrawn(number: int, *, others_approve: bool = False) -> Message:
    """The approval no longer counts."""
    if others_approve:
        return answer(f"Your approval of C-{number} is withdrawn. Others approved it too, so it goes on without you.")
    return answer(f"Your approval of C-{number} is withdrawn. Nothing is sent to npm unless it is approved again.")


def render_too_late(number: int) -> Message:
    """The call has started."""
    return answer(f"Too late for that: the call of C-{number} has started. Its message shows what comes of it.")


def render_decided_already(number: int, requester: str) -> Message:
    """Somebody wants to reject what has its approvals."""
    return answer(
        f"C-{number} is approved already, so it cannot be rejected any more.",
        f"Until npm is called, who approved can withdraw, and {mention(requester)} and the admins can cancel.",
    )


def render_finished(number: int, state: State, at: datetime | None = None) -> Message:
    """It has ended."""
    moment = f" {when(at)}" if at else ""
    return answer(f"C-{number} is finished{moment}: {_STATES.get(state, 'it has ended')}. Nothing was changed now.")


def render_nothing_to_decide(number: int) -> Message:
    """Nothing of it is in review any more, or nothing waits for an account."""
    return answer(f"C-{number} does not need that any more. Its message shows where it is.")


def render_looking(number: int) -> Message:
    """The reviewer pressed Look."""
    return answer(
        f"I read with your npm account what stands behind C-{number}. npm may ask you to confirm: the link comes by DM."
    )


def render_never_issued() -> Message:
    """The value of the button is none of ours."""
    return answer("This button is not one of mine, or it is from before I was set up anew. Nothing happened.")


def render_cancelled(number: int, *, is_part_done: bool = False) -> Message:
    """It will not run, or no more of it."""
    if is_part_done:
        return answer(f"The rest of C-{number} is cancelled. What was done before stays: its message shows it.")
    return answer(f"C-{number} is cancelled. Nothing changed at npm.")


def render_cancel_wanted(number: int) -> Message:
    """It runs already."""
    return answer(f"C-{number} runs already: it stops if npm has not acted. Its message shows what came of it.")


def render_cannot_cancel_half(number: int) -> Message:
    """A replace in its second half."""
    return answer(
        f"C-{number} is half done, and is finished or undone as it was approved: stopping here would leave it half."
    )


def render_handoff_gone() -> Message:
    """The link is over, used, or its request has ended."""
    return answer("This link is over, and nothing waits for it. If I need you again, I send a new one.")


def render_not_your_link() -> Message:
    """Somebody else's link."""
    return answer("This link was made for somebody else, so only they can use its buttons.")


def render_later() -> Message:
    """The person is not at their computer."""
    return answer("All right. Press “I'm ready” when you are at your computer; other requests go on.")


def render_ready() -> Message:
    """A new link is being made."""
    return answer("Good. I ask npm for a new link; it comes here in a moment.")


def render_login_coming() -> Message:
    """A login link is being made, at the person's own press or word."""
    return answer("I sent you a DM with npm's login link.")


def render_disowned() -> Message:
    """The person said that a link was not theirs."""
    return answer("Stopped. I wiped your npm session and told the admins; the message below says what to do next.")


def render_link_decision(*, is_same: bool) -> Message:
    """An admin decided about an account link."""
    if is_same:
        return answer("Confirmed. I told them, and they can approve from now on.")
    return answer("Refused. I told them; nothing was done with that login.")


def render_link_decided_already() -> Message:
    """Another admin was first, or the person logged in anew."""
    return answer("This is decided already, or they logged in anew. The message shows how it stands.")


def render_npm_user_taken(npm_user: str) -> Message:
    """Meanwhile the npm user was proven to be another person."""
    return answer(f"npm user {safe(npm_user, 60)} belongs to another person here by now, so this link is closed.")


def outlook_words(calls: int, asking: Asking) -> str:
    """Say before several calls what npm asked this session for so far."""
    match asking:
        case Asking.UNKNOWN:
            return f"{calls} calls. Whether npm asks you to confirm each of them is not known yet in this session."
        case Asking.SPARES:
            return f"{calls} calls. In this session npm let calls pass that followed a confirmation."
        case Asking.EACH:
            return (
                f"{calls} calls. In this session npm asked again right after a confirmation, so it may be one link for "
                "each; the DM also offers them as lines for your own terminal."
            )
        case _:
            assert_never(asking)


def next_words_of_run(what_next: Next) -> str:
    """Say what follows for the person who let something run; others are asked first, since nothing comes unasked."""
    if what_next is Next.OTHER_ACCOUNT:
        return "Whoever's npm account it runs with is asked by DM to press *I'm ready*, unless they are here now."
    return next_words(what_next, "")


def next_words(what_next: Next, executor: str) -> str:
    """Say what follows for the person who approved."""
    whose = mention(executor) if executor else "another approver"
    match what_next:
        case Next.CONFIRM:
            return "Next: confirm at npm, if npm asks. Its link then comes to you by DM."
        case Next.LOG_IN:
            return "Next: log in at npm, since your session is over. Its link comes to you by DM."
        case Next.IN_TURN:
            return "Another call is on its way. When this one is next, I send you a DM with npm's link."
        case Next.HELD:
            return "Held: nothing is sent to npm before somebody presses *Run now*."
        case Next.PAUSED:
            return "Paused: nothing is sent to npm before somebody resumes it."
        case Next.OTHER_ACCOUNT:
            return f"It runs with the npm account of {whose}: you need not do anything more."
        case _:
            assert_never(what_next)
