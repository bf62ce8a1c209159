# ruff: noqa: E501, RUF001 -- what people read is not wrapped, and looks like itself
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from inline_snapshot import snapshot

from bot.domain.coverage import Standing
from bot.messages.digest import (
    render_brought_back,
    render_digest,
    render_digest_preview,
    render_not_yours_to_put_aside,
    render_nothing_to_digest,
    render_put_aside,
    render_put_aside_already,
)
from bot.sandbox.slack_blocks import check_message_blocks
from tests.messages.coverage_examples import NOW, RETIRED, SNOOZED, STANDINGS, WATCH, a_digest, many_records
from tests.messages.examples import OLGA, OTTO
from tests.messages.reading import actions_of, read, read_notification, texts_of

LAST_WEEK = NOW - timedelta(days=7)


def test_a_digest_tells_where_the_packages_stand_and_what_to_do() -> None:
    content = a_digest()
    message = render_digest(content, {package.name: f"7:{at}" for at, package in enumerate(content.lacking)})
    assert read(message) == snapshot("""\
Digest of @acme/∗: 20 % publish through a trusted publisher
▓▓▓░░░░░░░░░░░░░  1 of 5 · the first digest
✅ 1 trusted · 1 configured, not used yet
❗ 3 lack it: 1 downgraded · 1 provenance only · 1 none
Not counted: 1 no release since 2023 · 1 deprecated · 1 snoozed · 1 not publishing any more · 1 not visible here · 1 unpublished · 1 not found · 1 not read yet
Who maintains what lacks it: @U0OTTO (2) · @U0OLGA (1) · not linked: ana-npm (2)
Lacking, longest without a release first:
@acme/api: none · 1.5.0, 7 May 2026 · acme/api · otto-npm, ana-npm
[Set up] [Snooze] [Not publishing any more]
@acme/cli: downgraded · 1.5.0, 14 Oct 2026 · acme/cli · otto-npm, ana-npm
[Set up] [Snooze] [Not publishing any more]
@acme/icons: provenance only · 1.5.0, 14 Oct 2026 · acme/icons · olga-npm
[Set up] [Snooze] [Not publishing any more]
(312 known; list confirmed by @U0OLGA 14 Nov 2026 · 4 private packages not named · oldest reading 23 Nov 2026
Lacking means downgraded, provenance only or none. Public data is evidence: an unused configuration does not show.
All packages: `/npmtrust coverage @acme/*`)\
""")
    assert read_notification(message) == snapshot("Digest of @acme/∗: 20 % publish through a trusted publisher")
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    assert [[button["value"] for button in row] for row in rows] == snapshot(
        [["7:0", "7:0", "7:0"], ["7:1", "7:1", "7:1"], ["7:2", "7:2", "7:2"]]
    )
    assert [button["accessibility_label"] for row in rows[:2] for button in row] == snapshot(
        [
            "Set up @acme/api",
            "Snooze @acme/api",
            "Not publishing any more @acme/api",
            "Set up @acme/cli",
            "Snooze @acme/cli",
            "Not publishing any more @acme/cli",
        ]
    )
    assert actions_of(message)["retire"]["confirm"]["text"]["text"] == snapshot(
        "@acme/icons is then only counted, until a new version comes."
    )


def test_a_later_digest_tells_what_changed() -> None:
    fresh = [replace(each, lacking_since=NOW - timedelta(days=1)) for each in STANDINGS]
    before = a_digest(STANDINGS[1:], now=LAST_WEEK)
    told = read(render_digest(a_digest(fresh, before=before, due_at=NOW - timedelta(hours=3), alarms_open=2)))
    assert told.splitlines()[:8] == snapshot(
        [
            "Digest of @acme/∗: 20 % publish through a trusted publisher",
            "▓▓▓░░░░░░░░░░░░░  1 of 5 · +1 since 16 Nov 2026",
            "✅ 1 trusted · 1 configured, not used yet",
            "❗ 3 lack it: 1 downgraded · 1 provenance only · 1 none",
            "Not counted: 1 no release since 2023 · 1 deprecated · 1 snoozed · 1 not publishing any more · 1 not visible here · 1 unpublished · 1 not found · 1 not read yet",
            "🚨 2 alarms nobody has acknowledged yet.",
            "⏰ Late: it was due Mon 06:00 UTC.",
            "🆕 New without trust (3): @acme/api (none), @acme/cli (downgraded), @acme/icons (provenance only)",
        ]
    )
    assert "no change since" in read(render_digest(a_digest(before=a_digest(now=LAST_WEEK))))


def test_each_owner_who_is_linked_is_mentioned_once() -> None:
    message = render_digest(a_digest(list(many_records(400))))
    texts = [text["text"] for text in texts_of(message.blocks)]
    assert re.findall(r"<@(\w+)> \(\d", "".join(texts)) == [OLGA]
    assert message.text.count("<@") == 0
    assert re.search(r"not linked: (owner-\d+ \(\d\), ){8}and 89 more", "".join(texts))


def test_a_package_that_was_put_aside_since_has_no_buttons() -> None:
    content = a_digest()
    first, *others = content.lacking
    content = content.model_copy(update={"lacking": (first.model_copy(update={"standing": Standing.SNOOZED}), *others)})
    message = render_digest(content, {package.name: "7:1" for package in content.lacking})
    assert read(message).count("[Set up]") == len(others)
    assert f"{first.name}: snoozed" in read(message)


@pytest.mark.parametrize("number", [0, 1, 2, 5000])
def test_slack_takes_a_digest_of_any_size(number: int) -> None:
    records = [
        replace(record, name=f"@{'s' * 100}/{'p' * 100}{at}", lacking_since=NOW, maintainers=(f"{'m' * 80}{at}",) * 9)
        for at, record in enumerate(many_records(number))
    ]
    linked = {f"{'m' * 80}{at}": f"U{at}" for at in range(number)}
    content = a_digest(records, before=a_digest((), now=LAST_WEEK), slack_users=linked)
    message = render_digest(content, {package.name: "v" * 200 for package in content.lacking})
    assert check_message_blocks(list(message.blocks)) == []
    assert sum(len(str(block)) for block in message.blocks) < 40_000


def test_what_the_next_digest_would_say_is_shown_with_its_date() -> None:
    told = read(render_digest_preview(a_digest(), [WATCH]))
    assert told.splitlines()[0] == snapshot(
        "What a digest would say now: @acme/∗: 20 % publish through a trusted publisher"
    )
    assert "The next one goes to #C0RELEASES Mon 09:00 UTC." in told
    assert "[Set up]" not in told
    assert "Nobody watches this: `/npmtrust watch` does." in read(render_digest_preview(a_digest()))


def test_what_was_put_aside_can_be_brought_back() -> None:
    told = [
        read(render(aside)) for aside in (SNOOZED, RETIRED) for render in (render_put_aside, render_put_aside_already)
    ]
    assert told == snapshot(
        [
            """\
💤 @acme/slow is snoozed until 23 Dec 2026. The digest only counts it from now on; it stays watched, and alarms still come.
[Bring back]\
""",
            """\
💤 @acme/slow is snoozed until 23 Dec 2026. @U0OTTO said so already.
[Bring back]\
""",
            """\
🗄 @acme/done counts as not publishing any more, until a new version comes. The digest only counts it from now on; it stays watched, and alarms still come.
[Bring back]\
""",
            """\
🗄 @acme/done counts as not publishing any more, until a new version comes. @U0OTTO said so already.
[Bring back]\
""",
        ]
    )
    assert actions_of(render_put_aside(SNOOZED))["bring_back"]["value"] == "7:3"
    assert read(render_brought_back("@acme/slow")) == snapshot(
        "@acme/slow is back: the next digest shows it where it lacks trust."
    )


def test_who_may_not_put_aside_reads_who_can() -> None:
    told = [read(render_not_yours_to_put_aside("@acme/ui", who)) for who in ((OTTO, OLGA), ())]
    assert told == snapshot(
        [
            "Only maintainers of @acme/ui, admins, and who set the first watch of it can take it out of the digest. Who can: @U0OTTO, @U0OLGA.",
            "Only maintainers of @acme/ui, admins, and who set the first watch of it can take it out of the digest. A maintainer can who links their npm account: `/npmtrust login`.",
        ]
    )


def test_nothing_to_digest_is_answered_with_how_to_watch() -> None:
    assert read(render_nothing_to_digest("@nobody/*")) == snapshot("""\
I watch nothing that matches `@nobody/*`, and know of no such package.
`/npmtrust watch @acme/*` has a digest posted here every Monday; `/npmtrust coverage @acme/*` looks now.\
""")
