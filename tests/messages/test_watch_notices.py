import pytest

from bot.domain.coverage_views import WatchView
from bot.messages.watch_notices import render_closed_channel, render_watched_elsewhere
from tests.messages.reading import read


def test_the_channels_of_a_watch_are_named_and_too_many_counted() -> None:
    views = [WatchView("@acme/*", f"C0{number}", "0 9 * * 1", "UTC", None, "U0RITA") for number in range(12)]
    told = read(render_watched_elsewhere("@acme/*", views))
    assert "in #C00 (set by @U0RITA)" in told
    assert "and in 2 more channels" in told
    assert "more channels" not in read(render_watched_elsewhere("@acme/*", views[:10]))


@pytest.mark.parametrize(
    ("why", "told"),
    [
        ("is_archived", "it is archived"),
        ("not_in_channel", "Type `/invite @npmtrust` there"),
        ("channel_not_found", "Type `/invite @npmtrust` there"),
        # Slack's word is text from outside.
        ("<@U0RITA> *new*", "Slack says <@U0RITA> \u2217new\u2217"),
    ],
)
def test_what_comes_by_dm_says_why_and_the_way_out(why: str, told: str) -> None:
    assert told in read(render_closed_channel("C0GENERAL", why))
