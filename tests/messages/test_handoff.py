# ruff: noqa: E501 -- what people read is not wrapped
from datetime import UTC, datetime

from inline_snapshot import snapshot

from bot.domain.overview import HandoffState, HandoffView
from bot.messages.handoff import render_asked_over, render_asked_to_run, render_handoff
from bot.messages.ids import Action
from tests.messages.examples import APPROVED, RITA
from tests.messages.reading import actions_of, read, read_notification

URL = "https://www.npmjs.com/auth/cli/1f0e"
WHAT = "acme/ui → release.yml may publish @acme/ui"
CONFIRMATION = HandoffView(
    id="h1",
    login=False,
    state=HandoffState.OPEN,
    url=URL,
    host="www.npmjs.com",
    expires_at=datetime(2026, 11, 23, 14, 8, tzinfo=UTC),
    npm_user="otto-npm",
    what=WHAT,
    change_set=42,
    requester=RITA,
    decided_at=APPROVED,
)
LOGIN = HandoffView(
    id="h2", login=True, state=HandoffState.OPEN, url=URL, host="www.npmjs.com", expires_at=APPROVED, what=""
)


def test_a_confirmation_says_what_it_is_for_as_whom_and_until_when() -> None:
    message = render_handoff(CONFIRMATION)
    assert read(message) == snapshot("""\
Confirm at npm: acme/ui → release.yml may publish @acme/ui
You approved C-42 for @U0RITA Mon 14:03 UTC.
One call, as npm user otto-npm. No need to tick "do not ask".
(The link leads to www.npmjs.com · ends Mon 14:08 UTC · any device · I never ask for a code)
[Open www.npmjs.com] [Later, at my computer] [Not me]\
""")
    assert read_notification(message) == snapshot("Confirm at npm: acme/ui → release.yml may publish @acme/ui")


def test_the_link_stands_on_its_button_alone() -> None:
    message = render_handoff(CONFIRMATION)
    assert actions_of(message)[Action.OPEN_NPM]["url"] == URL
    assert str(message.blocks).count(URL) == 1
    assert URL not in message.text


def test_several_calls_are_worth_ticking_the_box() -> None:
    assert read(render_handoff(CONFIRMATION.model_copy(update={"calls": 6}))).splitlines()[2] == snapshot(
        '6 calls, as npm user otto-npm. Tick npm\'s "do not ask again for 5 minutes": it may spare you the other confirmations.'
    )


def test_who_did_not_approve_is_not_told_that_they_did() -> None:
    own = read(render_handoff(CONFIRMATION.model_copy(update={"decided_at": None})))
    assert own.splitlines()[1] == snapshot(
        "C-42 is approved by others, and only your npm account can write to the package."
    )


def test_a_read_is_confirmed_without_a_change_set() -> None:
    reading = CONFIRMATION.model_copy(
        update={"what": "read the configurations of @acme/ui", "change_set": None, "npm_user": ""}
    )
    assert read(render_handoff(reading)) == snapshot("""\
Confirm at npm: read the configurations of @acme/ui
One call. No need to tick "do not ask".
(The link leads to www.npmjs.com · ends Mon 14:08 UTC · any device · I never ask for a code)
[Open www.npmjs.com] [Later, at my computer] [Not me]\
""")


def test_a_login_says_what_is_held_and_never_mentions_the_box() -> None:
    assert read(render_handoff(LOGIN)) == snapshot("""\
Log in at npm
Log in, with the account that maintains your packages. npm then gives me a session of two hours: I keep it encrypted, for at most those two hours.
I use it only for what you approve, and to read what you ask me to read.
My Home tab lists every link that I send you: a link that is not there is not from me.
(The link leads to www.npmjs.com · ends Mon 14:03 UTC · any device · I never ask for a code)
[Open www.npmjs.com] [Later, at my computer] [Not me]\
""")
    again = LOGIN.model_copy(
        update={"npm_user": "otto-npm", "what": "acme/ui → release.yml may publish @acme/ui", "calls": 6}
    )
    assert read(render_handoff(again)) == snapshot("""\
Log in at npm: acme/ui → release.yml may publish @acme/ui
Log in as otto-npm. npm then gives me a session of two hours: I keep it encrypted, for at most those two hours.
I use it only for what you approve, and to read what you ask me to read.
My Home tab lists every link that I send you: a link that is not there is not from me.
(The link leads to www.npmjs.com · ends Mon 14:03 UTC · any device · I never ask for a code)
[Open www.npmjs.com] [Later, at my computer] [Not me]\
""")


def test_what_became_of_a_link_takes_its_place() -> None:
    ended = {
        state.value: read(render_handoff(CONFIRMATION.model_copy(update={"state": state, "url": ""})))
        for state in HandoffState
        if state is not HandoffState.OPEN
    }
    assert ended == snapshot(
        {
            "done": """\
✅ Confirmed at npm: acme/ui → release.yml may publish @acme/ui
Thank you, that was all. C-42 shows the outcome.\
""",
            "later": """\
⏸ Waits for you: acme/ui → release.yml may publish @acme/ui
Other requests go on meanwhile. When you are at your computer, press the button: I get a new link then.
[I'm ready] [Not me]\
""",
            "expired": """\
⌛ Not confirmed: acme/ui → release.yml may publish @acme/ui
The link ran out or was refused, or its answer got lost, and nothing happened at npm. Press the button when you have a minute: I get a new link then.
[I'm ready] [Not me]\
""",
            "not_me": """\
🛑 Stopped: this was not you: acme/ui → release.yml may publish @acme/ui
This call was not made, and the admins are told. The message below says more.\
""",
            "script": """\
⌨️ In your own terminal: acme/ui → release.yml may publish @acme/ui
The lines to run there are below in this DM.\
""",
            "renewed": """\
🔁 You are ready: acme/ui → release.yml may publish @acme/ui
A new link of npm's follows below, if npm still asks for one.\
""",
            "lost": """\
⚠️ Not needed any more: acme/ui → release.yml may publish @acme/ui
The request was stopped, or goes on without this link. If you are needed again, you get a new one.\
""",
        }
    )


def test_a_login_that_is_done_tells_its_outcome() -> None:
    done = LOGIN.model_copy(update={"state": HandoffState.DONE, "outcome": "You are linked to npm user otto-npm."})
    assert read(render_handoff(done)) == snapshot("""\
✅ Logged in at npm
You are linked to npm user otto-npm.\
""")
    assert read(render_handoff(done.model_copy(update={"outcome": ""}))) == snapshot("""\
✅ Logged in at npm
You need not do anything more.\
""")


def test_a_read_that_was_confirmed_is_answered_in_the_dm() -> None:
    done = CONFIRMATION.model_copy(update={"state": HandoffState.DONE, "change_set": None})
    assert read(render_handoff(done)).splitlines()[1] == snapshot("Thank you, that was all. The answer follows here.")


def test_without_a_usable_link_there_is_no_button_for_it() -> None:
    assert Action.OPEN_NPM not in actions_of(render_handoff(CONFIRMATION.model_copy(update={"url": ""})))


def test_the_only_maintainer_is_asked_to_be_there() -> None:
    message = render_asked_to_run(number=42, what=WHAT, value="h1", own=True)
    assert read(message) == snapshot("""\
Approved: acme/ui → release.yml may publish @acme/ui
C-42 is approved by others, and only your npm account can write to the package, so it runs with yours.
Press the button when you are at your computer: npm then asks you to confirm, by a link that I send here.
[I'm ready]\
""")
    assert actions_of(message)[Action.HANDOFF_READY]["value"] == "h1"


def test_who_approved_is_asked_to_be_there_when_the_executor_withdraws() -> None:
    assert "which you approved" in read(render_asked_to_run(number=42, what=WHAT, value="h1", own=False))
    assert actions_of(render_asked_over(number=42, what=WHAT)) == {}
