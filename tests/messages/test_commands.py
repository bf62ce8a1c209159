# ruff: noqa: E501 -- what people read is not wrapped
from inline_snapshot import snapshot

from bot.domain.command_help import HELP
from bot.domain.commands import Misunderstood
from bot.domain.mistakes import Mistake
from bot.domain.overview import LinkState, LinkView
from bot.messages.commands import (
    render_help,
    render_json,
    render_logged_out,
    render_mistakes,
    render_nothing_to_log_out,
    render_remarks,
    render_who_am_i,
)
from bot.messages.ids import Action
from tests.messages.examples import DEADLINE, OTTO
from tests.messages.reading import actions_of, read

PATH = Mistake(
    what="GitHub Actions workflow must be just a file not a path.",
    expected="a file name such as release.yml",
    got=".github/workflows/release.yml",
    suggestion="release.yml",
    field="file",
)
LINK = LinkView(
    id="l1", slack_user=OTTO, npm_user="otto-npm", state=LinkState.LINKED, proof="confirmed", session_until=DEADLINE
)


def test_a_mistake_says_what_was_expected_what_came_and_what_would_be_right() -> None:
    line = "github @acme/ui --file .github/workflows/release.yml"
    corrected = "github @acme/ui --file release.yml"
    message = render_mistakes(Misunderstood(mistakes=(PATH,), corrected=corrected), line, edit="d1")
    assert read(message) == snapshot("""\
I could not take that line; nothing was asked for.
❌ GitHub Actions workflow must be just a file not a path.
Expected: a file name such as release.yml
Came: .github/workflows/release.yml
Did you mean release.yml?
(As it could be:)
| /npmtrust github @acme/ui --file release.yml
[Edit]\
""")
    assert actions_of(message)[Action.EDIT]["value"] == "d1"


def test_a_line_that_cannot_be_mended_is_shown_as_it_came() -> None:
    missing = Mistake(what="The name of the package is missing.", expected="", got="")
    assert read(render_mistakes(Misunderstood(mistakes=(missing,)), "<!channel> *x*")) == snapshot("""\
I could not take that line; nothing was asked for.
❌ The name of the package is missing.
Came: nothing
(What came:)
| /npmtrust <!channel> *x*\
""")


def test_remarks_are_told_or_there_are_none() -> None:
    assert read(render_remarks(["You wrote --yes: approval still stands."])) == snapshot(
        "ℹ️ You wrote --yes: approval still stands."  # noqa: RUF001 -- the sign that people know
    )
    assert render_remarks([]) is None


def test_help_names_every_command() -> None:
    told = read(render_help())
    assert told.splitlines()[:5] == snapshot(
        [
            "Owners of npm packages set up trusted publishers together: one asks, another approves, npm confirms.",
            (
                "list: Show who may publish packages, through your own npm account; without a package: what you own. "
                "Of a pattern: one after the other, with a file of all."
            ),
            "coverage: Count which packages publish through a trusted publisher, from public data: no login is needed.",
            "github: Ask that GitHub Actions may publish packages; without anything else it opens a form.",
            "gitlab: Ask that GitLab CI/CD may publish packages; without anything else it opens a form.",
        ]
    )
    assert all(help_.summary in told for help_ in HELP.values())


def test_help_shows_how_one_command_is_written() -> None:
    assert read(render_help("revoke")) == snapshot("""\
revoke
Ask that trust is taken back, of the configuration with this id or from this repository.
| /npmtrust revoke PACKAGE... (--id ID | --from-repo OWNER/REPO) [--reason TEXT] [--dry-run] [--json]
(For example:)
| /npmtrust revoke @acme/ui --id eebc175d-4720-4fc8-a31a-6491ca36fb47
| /npmtrust revoke @acme/* --from-repo acme/old --reason "the repository has moved"\
""")


def test_help_for_what_is_no_command_lists_them_all() -> None:
    assert read(render_help("revke")).splitlines()[0] == snapshot("There is no command revke. These are all:")


def test_who_am_i_tells_the_link_and_the_session() -> None:
    told = {
        "none": read(render_who_am_i(None)),
        "linked": read(render_who_am_i(LINK)),
        "no session": read(render_who_am_i(LINK.model_copy(update={"session_until": None, "proof": ""}))),
        "pending": read(render_who_am_i(LINK.model_copy(update={"state": LinkState.PENDING}))),
    }
    assert told == snapshot(
        {
            "none": """\
You are not linked to an npm account. One login at npm links you; then you can approve for your packages.
[Link my npm account]\
""",
            "linked": """\
You are npm user otto-npm (confirmed).
Your npm session lasts until Thu 14:05 UTC; `/npmtrust logout` ends it sooner.
Whether npm asks you to confirm each call of this session is not known yet: the calls to come show it.\
""",
            "no session": """\
You are npm user otto-npm.
You have no npm session now, and need none: when something waits for one, I send you npm's login link.\
""",
            "pending": "You logged in as npm user otto-npm. An admin must confirm that this is you; until then it is not used.",
        }
    )
    assert read(render_who_am_i(LINK.model_copy(update={"state": LinkState.CLOSED}))) == told["none"]


def test_a_logout_says_whether_npm_was_told() -> None:
    assert read(render_logged_out("otto-npm", ended_at_npm=True)) == snapshot("""\
Your npm session as otto-npm is wiped here and ended at npm, and the link is closed.
`/npmtrust login` links you again.\
""")
    assert read(render_logged_out("otto-npm", ended_at_npm=False)) == snapshot("""\
Your npm session as otto-npm is wiped here, and the link is closed. npm could not be told: there the session ends by itself within two hours.
`/npmtrust login` links you again.\
""")
    assert read(render_nothing_to_log_out()) == snapshot(
        "You are not linked to an npm account, so there is nothing to log out of."
    )


def test_json_is_shown_to_be_copied() -> None:
    assert read(render_json({"package": "@acme/ui", "note": "<!channel> *ü*"})) == snapshot("""\
| {
|   "package": "@acme/ui",
|   "note": "<!channel> *\\u00fc*"
| }\
""")


def test_json_beyond_all_measure_is_cut_and_said() -> None:
    assert "characters more)" in read(render_json(["x" * 100] * 400))
