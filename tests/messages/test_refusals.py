from inline_snapshot import snapshot

from bot.messages import refusals
from bot.messages.ids import Action
from tests.messages.reading import actions_of, read, read_notification


def test_every_refusal_says_the_way_out() -> None:
    told = [
        read(message)
        for message in (
            refusals.render_package_not_found("@acme/ui", linked=False),
            refusals.render_package_not_found("@acme/ui", linked=True),
            refusals.render_package_not_found("@acme/ui", linked=True, why="blocked by law"),
            refusals.render_no_maintainers("@acme/ui"),
            refusals.render_no_admins("rita-tools"),
            refusals.render_already_open("@acme/ui", 41),
            refusals.render_package_busy("@acme/ui", 41),
            refusals.render_cannot_post("C0RANDOM"),
            refusals.render_cannot_post("C0RANDOM", "is_archived"),
            refusals.render_cannot_post("C0RANDOM", "restricted_action"),
            refusals.render_private_package("@acme/secret"),
            refusals.render_repository_missing("left-behind", flag="repo"),
            refusals.render_repository_unfit("@acme/ui", found="git.example/acme/ui", provider="GitHub Actions"),
            refusals.render_other_registry("https://npm.example", host="registry.example"),
            refusals.render_too_many(20),
            refusals.render_nothing_matches("@acme/ui", repository="acme/old"),
        )
    ]
    assert told == snapshot(
        [
            """\
❌ Nothing was asked for. @acme/ui is not public, or does not exist.
Check the name; if it is private, log in with your npm account, so that I can look with it.
[Link my npm account]\
""",
            """\
❌ Nothing was asked for. @acme/ui does not exist, or your npm account may not see it.
Check the name. If it is new, publish a first version: npm gives trust only to packages that exist.\
""",
            """\
❌ Nothing was asked for. npm shows @acme/ui to nobody: “blocked by law”
Nobody can set up trust for it. If that is a mistake, write to npm's support.\
""",
            """\
❌ Nothing was asked for. npm names no maintainers of @acme/ui, so nobody could approve.
Look at the package's page on npm, or write to npm's support.\
""",
            """\
❌ Nothing was asked for. You are the only maintainer of rita-tools, and nobody approves their own request.
Have `NPMTRUST_ADMINS` set to Slack ids of people who may review this, or add a second maintainer at npm.\
""",
            """\
❌ Nothing was asked for. The same is asked for @acme/ui already, in C-41.
See it with `/npmtrust status C-41`; reviewers decide there.\
""",
            """\
❌ Nothing was asked for. Something else is open for @acme/ui: C-41.
Wait for it, or end it with `/npmtrust cancel C-41`; then ask again.\
""",
            """\
❌ Nothing was asked for. I cannot post in #C0RANDOM, so nobody could see the request.
Type `/invite @npmtrust` there, then ask again.\
""",
            """\
❌ Nothing was asked for. I cannot post in #C0RANDOM, so nobody could see the request. It is archived.
Ask in another channel.\
""",
            """\
❌ Nothing was asked for. I cannot post in #C0RANDOM, so nobody could see the request. Slack says: restricted_action.
Type `/invite @npmtrust` there, then ask again.\
""",
            """\
❌ Nothing was asked for. @acme/secret is private, and everybody can read this channel.
Ask in a private channel with me in it, or in a DM with me.\
""",
            """\
❌ Nothing was asked for. left-behind names no repository that I could take for `--repo`.
Ask again with `--repo` in the line, as below.\
""",
            """\
❌ Nothing was asked for. @acme/ui names a repository that is not one of GitHub Actions: git.example/acme/ui.
Name the repository or project in the line, as below.\
""",
            """\
❌ Nothing was asked for. I work with the registry at registry.example only, not with https://npm.example.
Leave `--registry` out.\
""",
            """\
❌ Nothing was asked for. One request takes at most 20 packages.
Ask in several lines.\
""",
            """\
❌ Nothing was asked for. No configuration of @acme/ui trusts acme/old.
Name the package to see what stands: `/npmtrust list PACKAGE`.\
""",
        ]
    )


def test_who_may_see_more_by_linking_is_offered_a_link() -> None:
    assert Action.LINK_ACCOUNT in actions_of(refusals.render_package_not_found("@acme/ui", linked=False))


def test_a_secret_is_refused_and_the_rest_of_the_line_can_be_sent_again() -> None:
    message = refusals.render_secret_refused("github @acme/ui --file release.yml")
    assert read(message) == snapshot("""\
🔒 I never take one-time passwords or tokens; nothing was stored.
When npm asks for your second factor, I send you its own link. If it was a real token, revoke it at npm.
(The line without it:)
| /npmtrust github @acme/ui --file release.yml\
""")
    assert read_notification(message) == snapshot("🔒 I never take one-time passwords or tokens; nothing was stored.")
    assert read(refusals.render_secret_refused()) == snapshot("""\
🔒 I never take one-time passwords or tokens; nothing was stored.
When npm asks for your second factor, I send you its own link. If it was a real token, revoke it at npm.\
""")


def test_an_id_that_was_not_read_is_a_remark() -> None:
    assert refusals.note_of_look(["@acme/ui"]) == snapshot(
        "Which configuration this is has not been read yet (@acme/ui): a reviewer presses Look, then can approve."
    )
