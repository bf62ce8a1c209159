# ruff: noqa: E501 -- what people read is not wrapped
from dataclasses import replace

import pytest
from inline_snapshot import snapshot

from bot.domain.overview import Maintainer
from bot.messages.alarms_together import render_alarms_together, render_all_acknowledged
from bot.sandbox.slack_blocks import check_message_blocks
from tests.messages.coverage_examples import LOST, NOW, an_alarm
from tests.messages.examples import OTTO
from tests.messages.reading import actions_of, read, read_notification

OPEN = an_alarm()
DONE = replace(an_alarm(package="@acme/core"), acknowledged_by=OTTO, acknowledged_at=NOW, reason="By hand, <!here>")


def test_what_is_open_comes_first_with_what_to_do() -> None:
    message = render_alarms_together([DONE, OPEN, an_alarm(package="left-pad")], "all-7")
    assert read(message) == snapshot("""\
🚨 3 versions came another way than before, 1 of them acknowledged
So many within an hour share this message. A stolen token or account looks like this. So does a release of many packages by hand.
Maintainers: @U0OTTO, ana-npm (not linked)
• @acme/ui 2.4.0 came without the trusted publisher, by npm user rita-npm
• left-pad 2.4.0 came without the trusted publisher, by npm user rita-npm
☑️ @acme/core 2.4.0 came without the trusted publisher, by npm user rita-npm: @U0OTTO “By hand, <!here>”
1. Ask who published them, outside of npm, whether they meant it.
2. If nobody did: deprecate or unpublish them at npm, then end that account's sessions and tokens.
3. Acknowledge them with what you found.
[Acknowledge all…]
(seen in public data from Mon 09:00 UTC on)\
""")
    assert read_notification(message) == snapshot("🚨 3 versions came another way than before")
    assert actions_of(message)["acknowledge"]["value"] == "all-7"


def test_when_all_are_acknowledged_nothing_is_asked_for() -> None:
    assert read(render_alarms_together([DONE], "all-7")) == snapshot("""\
☑️ 1 version came another way than before: all acknowledged
☑️ @acme/core 2.4.0 came without the trusted publisher, by npm user rita-npm: @U0OTTO “By hand, <!here>”\
""")
    assert read(render_all_acknowledged(300, 0)) == snapshot(
        "300 alarms acknowledged, and quiet. Everybody can read your reason."
    )
    assert read(render_all_acknowledged(1, 2)) == snapshot(
        "1 alarm acknowledged, and quiet. Everybody can read your reason. 2 others are not yours: their maintainers or an admin can."
    )


@pytest.mark.parametrize("text", ["<!channel>" * 50, "*b* `c`" * 90, "&" * 3000, "x" * 214])
def test_five_thousand_of_them_are_a_message_that_slack_takes(text: str) -> None:
    owners = tuple(Maintainer(npm_user=f"{text}{number}") for number in range(100))
    hostile = an_alarm(package=text, break_=LOST.model_copy(update={"by": text, "version": text}), owners=owners)
    done = replace(hostile, acknowledged_by=OTTO, reason=text)
    for views in ([hostile] * 5000, [done] * 5000, [hostile, done] * 2500):
        message = render_alarms_together(views, "all-1")
        assert check_message_blocks(list(message.blocks)) == []
        assert "<!channel>" not in str(message.blocks)
        assert len(message.text) <= 4000
