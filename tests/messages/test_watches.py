from dataclasses import replace

from inline_snapshot import snapshot

from bot.messages.watches import (
    render_cannot_watch,
    render_cron_refused,
    render_never_fires,
    render_no_such_watch,
    render_not_yours_to_unwatch,
    render_unwatched,
    render_watch_guest,
    render_watches,
    render_watching,
    render_zone_refused,
)
from bot.sandbox.slack_blocks import check_message_blocks
from tests.messages.coverage_examples import RETIRED, SNOOZED, WATCH
from tests.messages.examples import OLGA
from tests.messages.reading import read

DIRECT = replace(WATCH, channel="D0RITA", next_at=None)


def test_a_watch_says_what_comes_where_and_when() -> None:
    assert read(render_watching(WATCH, is_new=True)) == snapshot("""\
✅ I watch `@acme/* !@acme/old-*`, with a digest in #C0RELEASES.
Next: Mon 09:00 UTC · `0 9 * * 1` Europe/Paris
An alarm comes at once when a version comes without its trusted publisher.
(`/npmtrust digest` shows now what the next one would say. To end it:)
| /npmtrust unwatch @acme/* !@acme/old-*\
""")
    assert read(render_watching(DIRECT, is_new=False)).splitlines()[:2] == snapshot(
        ["✅ Changed: I watch `@acme/* !@acme/old-*`, with a digest by DM.", "`0 9 * * 1` Europe/Paris"]
    )


def test_the_watches_are_listed_with_what_was_taken_out() -> None:
    broken = replace(WATCH, selection="@acme/ui", problem="The channel is archived.")
    assert read(render_watches([WATCH, broken], [SNOOZED, RETIRED])) == snapshot("""\
2 watched
`@acme/* !@acme/old-*` · in #C0RELEASES · set by @U0RITA
Next: Mon 09:00 UTC · `0 9 * * 1` Europe/Paris
`@acme/ui` · in #C0RELEASES · set by @U0RITA
Next: Mon 09:00 UTC · `0 9 * * 1` Europe/Paris
⚠️ The channel is archived.
Taken out of the digest:
@acme/slow: snoozed until 23 Dec 2026, says @U0OTTO
[Bring back]
@acme/done: not publishing any more, says @U0OTTO
[Bring back]
(To end one:)
| /npmtrust unwatch @acme/* !@acme/old-*
| /npmtrust unwatch @acme/ui\
""")
    assert read(render_watches([WATCH])).splitlines()[0] == "One watch"
    assert read(render_watches([])) == snapshot("""\
Nothing is watched yet.
With this, a digest comes here every Monday:
| /npmtrust watch @acme/*\
""")


def test_many_watches_stay_within_slacks_limits() -> None:
    message = render_watches([WATCH] * 70, [SNOOZED] * 70)
    others = [block for block in message.blocks if block["type"] != "rich_text"]
    assert check_message_blocks(others) == []
    assert len(message.blocks) <= 50
    told = read(message)
    assert "… and 50 more" in told
    assert "… and 60 more: the CSV of a coverage names them" in told
    assert told.endswith("| /npmtrust unwatch @acme/* !@acme/old-*")


def test_the_end_of_a_watch_is_told() -> None:
    assert [read(render_unwatched(view)) for view in (WATCH, DIRECT)] == snapshot(
        [
            """\
I no longer watch `@acme/* !@acme/old-*` for #C0RELEASES: no digest comes any more.
What was read stays, so that the watch can be set again.\
""",
            """\
I no longer watch `@acme/* !@acme/old-*` for your DM: no digest comes any more.
What was read stays, so that the watch can be set again.\
""",
        ]
    )
    assert read(render_no_such_watch("@acme/x", [WATCH])) == snapshot("""\
I do not watch `@acme/x`.
What is watched:
| /npmtrust unwatch @acme/* !@acme/old-*\
""")
    assert read(render_no_such_watch("@acme/x", [])) == snapshot("""\
I do not watch `@acme/x`.
Nothing is watched.\
""")


def test_a_watch_that_cannot_be_set_says_why_and_how_to_mend_it() -> None:
    refused = {
        "cron": render_cron_refused("9 * *", "it has three fields"),
        "no cron": render_cron_refused(" "),
        "never": render_never_fires("0 0 30 2 *"),
        "zone": render_zone_refused("Europe/Pari", ["Europe/Paris"]),
        "strange zone": render_zone_refused("Mars"),
        "archived": render_cannot_watch("C0RANDOM", "is_archived"),
        "not in channel": render_cannot_watch("C0RANDOM", "not_in_channel"),
        "other": render_cannot_watch("C0RANDOM", "restricted_action"),
        "guest": render_watch_guest(),
        "not yours": render_not_yours_to_unwatch(WATCH, [OLGA, WATCH.set_by]),
    }
    assert {name: read(message) for name, message in refused.items()} == snapshot(
        {
            "cron": """\
❌ Not watched. This is no schedule (it has three fields): `9 * *`.
Five fields: minute, hour, day of the month, month, day of the week. Mondays at nine, and daily at half past six:
| --cron "0 9 * * 1"
| --cron "30 6 * * *"\
""",
            "no cron": """\
❌ Not watched. This is no schedule: nothing.
Five fields: minute, hour, day of the month, month, day of the week. Mondays at nine, and daily at half past six:
| --cron "0 9 * * 1"
| --cron "30 6 * * *"\
""",
            "never": """\
❌ Not watched. The schedule `0 0 30 2 *` never comes: no day fits it.
Five fields: minute, hour, day of the month, month, day of the week. Mondays at nine, and daily at half past six:
| --cron "0 9 * * 1"
| --cron "30 6 * * *"\
""",
            "zone": """\
❌ Not watched. I know of no time zone Europe/Pari. Did you mean Europe/Paris?
Name one as `--tz Europe/Paris`; left out, it is the one of your Slack.\
""",
            "strange zone": """\
❌ Not watched. I know of no time zone Mars.
Name one as `--tz Europe/Paris`; left out, it is the one of your Slack.\
""",
            "archived": """\
❌ Not watched. I cannot post in #C0RANDOM. It is archived.
Name another with `--channel`.\
""",
            "not in channel": """\
❌ Not watched. I cannot post in #C0RANDOM.
Type `/invite @npmtrust` there, then ask again; or name another with `--channel`.\
""",
            "other": """\
❌ Not watched. I cannot post in #C0RANDOM. Slack says: restricted_action.
Type `/invite @npmtrust` there, then ask again; or name another with `--channel`.\
""",
            "guest": "Not watched. Guests cannot set or end a watch: ask a full member.",
            "not yours": "Only who set this watch and the admins can change or end it: @U0RITA, @U0OLGA.",
        }
    )
