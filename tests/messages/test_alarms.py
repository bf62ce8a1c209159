# ruff: noqa: E501 -- what people read is not wrapped
import pytest
from inline_snapshot import snapshot

from bot.domain.breaks import Break, BreakKind
from bot.messages.alarms import (
    alarm_words,
    render_acknowledged,
    render_acknowledged_already,
    render_alarm,
    render_alarm_to_owner,
    render_arrival,
    render_not_yours_to_acknowledge,
)
from tests.messages.coverage_examples import ARRIVAL, LOST, NOW, an_alarm
from tests.messages.examples import OLGA, OTTO, RITA
from tests.messages.reading import actions_of, read, read_notification

QUIET = an_alarm(acknowledged_by=OTTO, acknowledged_at=NOW, reason="The CI was down, I published by hand.")


def test_an_alarm_tells_what_was_seen_and_what_to_do() -> None:
    message = render_alarm(an_alarm())
    assert read(message) == snapshot("""\
🚨 @acme/ui 2.4.0 came without the trusted publisher
Before: github eebc175d-4720-4fc8-a31a-6491ca36fb47 (2.3.1)
Now: no trusted publisher (2.4.0, published by npm user rita-npm 23 Nov 2026)
Maintainers: @U0OTTO, ana-npm (not linked)
A stolen token or account looks like this. So does a release by hand.
1. Ask npm user rita-npm, outside of npm, whether they meant it.
2. If nobody did: deprecate or unpublish the version at npm, then end that account's sessions and tokens.
3. Acknowledge it with what you found.
[Acknowledge…] [Package on npm]
(seen in public data Mon 09:00 UTC)\
""")
    assert read_notification(message) == snapshot("🚨 @acme/ui 2.4.0 came without the trusted publisher")
    assert actions_of(message)["acknowledge"]["value"] == "alarm-1"


def test_a_maintainer_reads_why_it_comes_to_them() -> None:
    told = read(render_alarm_to_owner(an_alarm(), "C0RELEASES"))
    assert "You get this because you maintain the package at npm. The others see it in #C0RELEASES." in told
    assert "The others" not in read(render_alarm_to_owner(an_alarm(), ""))


KINDS = {
    kind: Break(kind=kind, version="2.4.0", before=before, after=after)
    for kind, before, after in (
        (BreakKind.LOST, "github 9061ef30", "provenance only"),
        (BreakKind.OTHER_CONFIGURATION, "github 9061ef30", "github 11112222"),
        (BreakKind.OTHER_REPOSITORY, "acme/ui", "evil/ui"),
        (BreakKind.OTHER_WORKFLOW, "release.yml", "other.yml"),
    )
}


@pytest.mark.parametrize("kind", BreakKind)
def test_every_kind_of_break_has_its_words(kind: BreakKind) -> None:
    expected = snapshot(
        {
            "LOST": [
                "🚨 @acme/ui 2.4.0 came without the trusted publisher",
                "Before: github 9061ef30",
                "Now: no trusted publisher, provenance only (2.4.0)",
                "A stolen token or account looks like this. So does a release by hand.",
            ],
            "OTHER_CONFIGURATION": [
                "🚨 @acme/ui 2.4.0 came through another configuration",
                "Before: github 9061ef30",
                "Now: github 11112222 (2.4.0)",
                "Somebody with an owner's account may have let another workflow publish.",
            ],
            "OTHER_REPOSITORY": [
                "🚨 @acme/ui 2.4.0 was built from another repository",
                "Before: acme/ui",
                "Now: evil/ui (2.4.0)",
                "A stolen account looks like this. So does a project that moved.",
            ],
            "OTHER_WORKFLOW": [
                "🚨 @acme/ui 2.4.0 was built by another workflow",
                "Before: release.yml",
                "Now: other.yml (2.4.0)",
                "A changed repository looks like this. So does a workflow that was renamed.",
            ],
        }
    )
    view = an_alarm(break_=KINDS[kind], owners=())
    assert read(render_alarm(view)).splitlines()[:4] == expected[kind.name]
    assert alarm_words(view) in read(render_alarm(view))


def test_an_acknowledged_alarm_is_quiet_everywhere() -> None:
    assert read(render_alarm(QUIET)) == snapshot("""\
☑️ @acme/ui 2.4.0: acknowledged by @U0OTTO
“The CI was down, I published by hand.”
(It came without the trusted publisher · seen Mon 09:00 UTC · acknowledged Mon 09:00 UTC)\
""")
    assert render_alarm_to_owner(QUIET, "C0RELEASES") == render_alarm(QUIET)
    assert read(render_acknowledged(QUIET)) == snapshot(
        "The alarm of @acme/ui 2.4.0 is acknowledged, and stays quiet. Everybody can read your reason."
    )
    assert read(render_acknowledged_already(QUIET)) == snapshot("""\
@U0OTTO acknowledged the alarm of @acme/ui 2.4.0 Mon 09:00 UTC already:
“The CI was down, I published by hand.”\
""")


def test_who_may_not_acknowledge_reads_who_can() -> None:
    told = [read(render_not_yours_to_acknowledge(an_alarm(), who)) for who in ((OTTO, OLGA), ())]
    assert told == snapshot(
        [
            "Only maintainers of @acme/ui and admins can acknowledge this. Who can: @U0OTTO, @U0OLGA.",
            "Only maintainers of @acme/ui and admins can acknowledge this. First one of them must link their npm account: `/npmtrust login`.",
        ]
    )


def test_the_first_version_that_came_through_is_news() -> None:
    message = render_arrival(ARRIVAL)
    assert read(message) == snapshot("""\
🎉 It works: @acme/ui 2.3.1 came through acme/ui → release.yml
Now you can disallow tokens at npm: on its page of the package, under Publishing access, choose “Require two-factor authentication and disallow tokens”. Trusted publishing goes on.
(published Mon 08:10 UTC · C-42, asked by @U0RITA, run by @U0OTTO)
[Publishing access at npm]\
""")
    assert read_notification(message) == snapshot("It works: @acme/ui 2.3.1 came through acme/ui → release.yml")
    assert actions_of(message)["open_access"]["url"] == ARRIVAL.access_url


def test_text_of_an_alarm_is_never_markup() -> None:
    hostile = LOST.model_copy(update={"by": "<!channel>", "before": "*b*", "after": "`c`", "version": "<@U0RITA>"})
    shown = str(render_alarm(an_alarm(break_=hostile, owners=())).blocks)
    assert "<!channel>" not in shown
    assert f"<@{RITA}>" not in shown
    assert "*b*" not in shown
