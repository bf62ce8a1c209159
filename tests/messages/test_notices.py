from inline_snapshot import snapshot

from bot.messages import notices
from tests.messages.reading import read


def test_what_the_bot_says_of_itself() -> None:
    told = [
        read(message)
        for message in (
            notices.render_looking(["@acme/ui", "b", "c", "d", "e"]),
            notices.render_looking([]),
            notices.render_staged(42, "C0GENERAL"),
            notices.render_staged(42, "C0GENERAL", packages=3),
            notices.render_no_reviewer_yet(42, ["otto-npm", "olga-npm"], "C0GENERAL"),
            notices.render_staged(42, "D0RITA"),
            notices.render_no_reviewer_yet(42, ["otto-npm"], "D0RITA"),
            notices.render_read_refused("@acme/ui", "Forbidden"),
            notices.render_read_failed("@acme/ui", "npm answered 502"),
            notices.render_postponed("the connection was refused"),
            notices.render_given_up("npm could not be reached"),
            notices.render_form_too_late(),
            notices.render_already_logged_in("otto-npm"),
            notices.render_session_over(),
            notices.render_reading(1),
            notices.render_reading(3),
            notices.render_private_elsewhere(42),
        )
    ]
    assert told == snapshot(
        [
            "🔎 Looking at @acme/ui, b, c and 2 more on npm…",
            "🔎 Looking at npm…",
            """\
✅ Asked as C-42: see #C0GENERAL.
`/npmtrust cancel C-42` takes it back.\
""",
            """\
✅ Asked as C-42 for 3 packages: see #C0GENERAL.
`/npmtrust cancel C-42` takes it back.\
""",
            """\
C-42 waits for a maintainer to link an npm account: otto-npm, olga-npm.
Do you know them? Ask them to press “I maintain this: link my npm account”.\
""",
            """\
✅ Asked as C-42: see the message here.
`/npmtrust cancel C-42` takes it back.\
""",
            """\
C-42 waits for a maintainer to link an npm account: otto-npm.
Do you know them? Ask them to type `/npmtrust login`.\
""",
            """\
npm did not let your account read the configurations of @acme/ui: Forbidden
Only its maintainers can read them.\
""",
            """\
I could not read the configurations of @acme/ui: npm answered 502.
Nothing was changed. Try again in a few minutes.\
""",
            """\
⏳ I cannot use npm now: the connection was refused. Your request is kept, and I try again for 25 minutes.
You need not send it again; the answer follows here.\
""",
            """\
❌ Not done. I tried for 25 minutes or more, and this was in the way: npm could not be reached.
Nothing was asked for, and nothing changed. Please type or press it again.\
""",
            "Slack gave me no time to open the form. Please press or type it again.",
            "You are linked to npm user otto-npm and logged in: press Approve where you review.",
            """\
Your npm session is over, so I cannot ask npm what you own.
`/npmtrust login`, then again; or name the packages.\
""",
            "🔎 I read npm's own list of the package with your npm account. The answer comes by DM.",
            "🔎 I read npm's own list of 3 packages with your npm account. The answer comes by DM.",
            "C-42 is about a private package. Ask in its channel, or link an npm account that maintains it.",
        ]
    )
