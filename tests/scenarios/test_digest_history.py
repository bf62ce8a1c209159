"""The history of coverage: noted week by week, in the digest as text and as a picture that is uploaded once."""

from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image

from bot.sandbox.cast import GENERAL
from bot.sandbox.slack_state import SlackMessage
from bot.sandbox.world import World
from tests.scenarios import stored
from tests.scenarios.asking import people
from tests.scenarios.test_digest import MONDAY, until

pytestmark = pytest.mark.anyio


def digests(world: World) -> list[SlackMessage]:
    rita = people(world)[0]
    return [m for m in rita.messages(GENERAL[0]) if "*Digest of" in world.slack.text_of(m) and not m.ephemeral]


def picture_of(message: SlackMessage) -> dict[str, str]:
    """Tell file and words of the picture that a message shows; empty: it shows none."""
    found = [block for block in message.blocks if block["type"] == "image"]
    return {"file": found[0]["slack_file"]["id"], "words": found[0]["alt_text"]} if found else {}


async def test_the_trend_is_in_the_digest_as_text_and_as_a_picture_uploaded_once(world: World) -> None:
    rita = people(world)[0]
    await rita.says("watch @acme/*")
    await until(world, MONDAY, seconds=10)
    [first] = digests(world)
    assert "▃▃  25 → 25 % in 2 weeks (25 · 25)" in world.slack.text_of(first)
    assert await stored.rows(world, "SELECT week, trusted, counted FROM coverage_points ORDER BY week") == [
        ("2026-11-23", 1, 4),
        ("2026-11-30", 1, 4),
    ]
    [configuration] = world.registry.configurations("@acme/tokens")
    world.registry.publish("@acme/tokens", "1.2.0", through=configuration["id"])
    await until(world, MONDAY, days=7, seconds=30)
    second = digests(world)[-1]
    assert "▃▅▅  25 → 50 % in 3 weeks (25 · 50 · 50)" in world.slack.text_of(second)
    shown = picture_of(second)
    assert shown["words"] == (
        "@acme/*: % that publish through a trusted publisher. 25 % (1 of 4) in the week of 23 Nov 2026;"
        " 50 % (2 of 4) in the week of 30 Nov 2026; 50 % (2 of 4) in the week of 07 Dec 2026."
    )
    content = world.slack.files[shown["file"]].content
    assert content is not None
    with Image.open(BytesIO(content)) as picture:
        assert picture.format == "PNG"
        assert picture.width > 1000
    uploads = len(world.slack.files)
    assert uploads == 2
    await rita.clicks("Snooze")
    await world.settle()
    assert picture_of(digests(world)[-1]) == shown
    assert len(world.slack.files) == uploads


async def test_a_digest_without_its_picture_when_slack_does_not_take_it(world: World) -> None:
    rita = people(world)[0]
    await rita.says("watch @acme/*")
    await until(world, MONDAY, seconds=-30)
    world.slack.fail_next("files.getUploadURLExternal", retry_after=3)
    world.slack.fail_next("chat.update", error="invalid_blocks")
    await until(world, MONDAY, seconds=60)
    [digest] = digests(world)
    assert "publish through a trusted publisher" in world.slack.text_of(digest)
    assert picture_of(digest) == {}
    assert await stored.rows(world, "SELECT state FROM pictures") == [("failed",)]

    world.slack.scopes -= {"files:write"}
    await until(world, MONDAY + timedelta(days=7), seconds=60)
    assert len(digests(world)) == 2
    assert await stored.rows(world, "SELECT state, file_id FROM pictures ORDER BY id DESC LIMIT 1") == [("failed", "")]
