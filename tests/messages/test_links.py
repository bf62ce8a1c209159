# ruff: noqa: E501 -- what people read is not wrapped
from inline_snapshot import snapshot

from bot.domain.overview import LinkState, LinkView
from bot.messages.ids import Action
from bot.messages.links import (
    LinkRefusal,
    render_link_announcement,
    render_link_decided,
    render_link_outcome,
    render_link_refused,
    render_link_request,
    render_link_request_over,
    render_security_advice,
    render_security_notice,
)
from tests.messages.examples import DEADLINE, OLGA, OTTO
from tests.messages.reading import actions_of, read

LINK = LinkView(
    id="l1",
    slack_user=OTTO,
    npm_user="otto-npm",
    state=LinkState.LINKED,
    proof="npm's verified e-mail is the one in Slack",
    npm_email="otto@elsewhere.example",
    slack_email="otto@acme.example",
    slack_name="Otto",
    session_until=DEADLINE,
)


def test_a_link_is_announced_with_its_proof() -> None:
    assert read(render_link_announcement(LINK)) == snapshot("""\
🔗 @U0OTTO is npm user otto-npm (npm's verified e-mail is the one in Slack).
From now on they can approve for the packages that this npm user maintains.\
""")
    assert read(render_link_announcement(LINK.model_copy(update={"confirmed_by": OLGA}))).splitlines()[0] == snapshot(
        "🔗 @U0OTTO is npm user otto-npm (confirmed by @U0OLGA)."
    )
    assert "otto@" not in str(render_link_announcement(LINK).blocks)


def test_the_person_hears_what_became_of_their_login() -> None:
    told = {state.value: read(render_link_outcome(LINK.model_copy(update={"state": state}))) for state in LinkState}
    assert told == snapshot(
        {
            "pending": """\
⏳ You logged in as npm user otto-npm. One thing is missing: an admin must confirm that this is you.
npm's e-mail is not the one in Slack, so I asked the admins. I tell you here what they say.\
""",
            "linked": """\
✅ You are linked to npm user otto-npm (npm's verified e-mail is the one in Slack). The session lasts until Thu 14:05 UTC.
You can approve for the packages that it maintains; `/npmtrust pending` shows what waits.\
""",
            "closed": "You logged in as npm user otto-npm; that login is over, and nothing was done with it.",
        }
    )


def test_a_refusal_by_an_admin_says_so_and_what_to_do() -> None:
    refused = LINK.model_copy(update={"state": LinkState.CLOSED, "confirmed_by": OLGA})
    assert read(render_link_outcome(refused)) == snapshot("""\
❌ An admin did not confirm that you are npm user otto-npm.
The session is wiped. If it is you, talk to an admin, then `/npmtrust login` again.\
""")


def test_a_link_without_a_session_says_nothing_of_one() -> None:
    assert "session" not in read(render_link_outcome(LINK.model_copy(update={"session_until": None})))


def test_a_refused_link_says_the_way_out() -> None:
    told = {
        refusal.value: read(render_link_refused(refusal, npm_user="otto-npm", linked_as="old-npm"))
        for refusal in LinkRefusal
    }
    assert told == snapshot(
        {
            "two_factor_off": """\
❌ Not linked. npm user otto-npm has two-factor authentication off, and npm lets only accounts with it change trust.
Turn it on in npm's account settings, then `/npmtrust login` again. The session is wiped.\
""",
            "npm_user_taken": """\
❌ Not linked. npm user otto-npm belongs to another person here, and one npm user belongs to one person.
If it is yours, talk to an admin: the other link must be closed first, with `/npmtrust logout`. The session is wiped.\
""",
            "other_npm_user": """\
❌ Not linked. You logged in as npm user otto-npm, but you are linked to old-npm.
Log in with that account, or close the link first with `/npmtrust logout`. The session is wiped.\
""",
            "no_admins": """\
❌ Not linked. npm's e-mail of otto-npm is not yours in Slack, so an admin must confirm it, and none is set.
Use the same verified e-mail in both, or have `NPMTRUST_ADMINS` set to Slack ids other than yours. The session is wiped.\
""",
        }
    )


def test_an_admin_sees_both_identities_before_deciding() -> None:
    message = render_link_request(LINK)
    assert read(message) == snapshot("""\
Is @U0OTTO npm user otto-npm?
Slack: @U0OTTO · Otto · otto@acme.example
npm: otto-npm · otto@elsewhere.example
The login came by a link that I sent to this person. Links can be forwarded: confirm only what you know.
[Confirm] [Refuse]\
""")
    assert actions_of(message)[Action.CONFIRM_LINK]["confirm"]["text"]["text"] == snapshot(
        "Otto is npm user otto-npm. Confirm only what you know another way."
    )
    assert {button["value"] for button in actions_of(message).values()} == {"l1"}


def test_a_decision_takes_the_place_of_the_question() -> None:
    assert read(render_link_decided(LINK, by=OLGA)) == snapshot("""\
✅ @U0OLGA decided: @U0OTTO is npm user otto-npm.
Slack: @U0OTTO · Otto · otto@acme.example
npm: otto-npm · otto@elsewhere.example\
""")
    refused = LINK.model_copy(update={"state": LinkState.CLOSED, "npm_email": "", "slack_email": "", "slack_name": ""})
    assert read(render_link_decided(refused, by=OLGA)) == snapshot("""\
❌ @U0OLGA decided: @U0OTTO is not npm user otto-npm.
Slack: @U0OTTO · no name · no e-mail
npm: otto-npm · no e-mail\
""")


def test_a_question_that_answered_itself_says_so() -> None:
    assert read(render_link_request_over(LINK)) == snapshot("Nothing to decide any more: @U0OTTO as npm user otto-npm.")


def test_not_me_tells_the_admins_and_the_person_what_was_done_and_what_to_do() -> None:
    what = "acme/ui → release.yml may publish @acme/ui"
    notice = read(render_security_notice(OTTO, "otto-npm", what=what, ended_session=True))
    assert notice == snapshot("""\
🛑 @U0OTTO says: a request to npm was not mine.
It was for: acme/ui → release.yml may publish @acme/ui · as npm user otto-npm
Done: what the link was for is stopped. The npm session is wiped here and I told npm to end it.
Next: an admin talks to @U0OTTO in person. If somebody else uses their Slack, end its sessions there.\
""")
    assert read(render_security_advice(what=what, ended_session=False)) == snapshot("""\
🛑 Stopped. Thank you for saying so.
It was for: acme/ui → release.yml may publish @acme/ui. That is stopped. There was no npm session to end. I told the admins.
If you did not press or type anything for it, somebody may use your Slack: change its password, then npm's.
When all is well again, `/npmtrust login` gives me a new session.\
""")
