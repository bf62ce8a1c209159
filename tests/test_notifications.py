from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
import slack_sdk.errors
from aiohttp import web
from pydantic import SecretStr
from yarl import URL

from bot.errors import SlackError
from bot.messages.message import Message, View
from bot.notifications import (
    FOREIGN_ERRORS,
    ChannelAccess,
    Identity,
    Notifier,
    SlackRefused,
    SlackThrottled,
    SlackUnavailable,
    map_error,
)
from bot.sandbox.ports import HeldPort
from bot.slack_addresses import is_slacks_socket
from tests.sandbox.slack_world import GENERAL, OTTO, RANDOM, RITA, TOKEN, World, open_world, section

pytestmark = pytest.mark.anyio

HELLO = Message("Hello", (section("Hello"),))
BYE = Message("Bye", (section("Bye"),))
FORM = View("reject", "Reject", "Reject", (section("Why?"),))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with open_world() as opened:
        yield opened


@asynccontextmanager
async def notifier_for(base_url: str, token: str = TOKEN) -> AsyncIterator[Notifier]:
    notifier = Notifier(SecretStr(token), base_url)
    try:
        yield notifier
    finally:
        await notifier.close()


@pytest.fixture
async def notifier(world: World) -> AsyncIterator[Notifier]:
    async with notifier_for(world.slack.api_url) as opened:
        yield opened


@asynccontextmanager
async def server_that_says(status: int, body: bytes, **headers: str) -> AsyncIterator[str]:
    """Open a server that answers everything alike; tells its address, to which a path can be added."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, body=body, headers={"Content-Type": "application/json", **headers})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


async def test_the_bot_learns_who_it_is(notifier: Notifier) -> None:
    assert await notifier.identify() == Identity(team="T0ACME", bot_user="U0NPMTRUST", bot_id="B0NPMTRUST")


async def test_the_bot_learns_what_its_token_may_do_and_what_time_it_is(world: World, notifier: Notifier) -> None:
    world.slack.scopes = frozenset({"chat:write", "users:read"})
    facts = await notifier.inspect_token()
    assert (facts.identity.bot_id, facts.scopes, facts.now) == ("B0NPMTRUST", world.slack.scopes, world.clock.now())


async def test_an_answer_may_tell_neither() -> None:
    body = b'{"ok": true, "team_id": "T1", "user_id": "U1"}'
    async with server_that_says(200, body, Date="soon") as url, notifier_for(url) as notifier:
        facts = await notifier.inspect_token()
    assert (facts.identity.bot_id, facts.scopes, facts.now) == ("", frozenset(), None)


async def test_a_message_is_posted_then_replaced(world: World, notifier: Notifier) -> None:
    posted = await notifier.post(GENERAL, HELLO)
    assert world.texts(GENERAL, RITA) == ["Hello"]
    await notifier.update(posted.channel, posted.ts, BYE)
    assert world.texts(GENERAL, RITA) == ["Bye"]


async def test_a_message_for_one_person_is_seen_by_nobody_else(world: World, notifier: Notifier) -> None:
    await notifier.post_ephemeral(GENERAL, OTTO, HELLO)
    assert (world.texts(GENERAL, OTTO), world.texts(GENERAL, RITA)) == (["Hello"], [])


async def test_a_dm_is_opened_and_can_be_posted_to(world: World, notifier: Notifier) -> None:
    channel = await notifier.open_dm(OTTO)
    await notifier.post(channel, HELLO)
    assert (channel, world.texts(channel, OTTO)) == (world.slack.dm(OTTO), ["Hello"])


async def test_a_command_is_answered_and_a_form_opened(world: World, notifier: Notifier) -> None:
    await world.slack.command(RITA, GENERAL, "help")
    command = world.bot.heard[-1]
    await notifier.respond(command["response_url"], HELLO)
    await notifier.open_view(command["trigger_id"], FORM)
    assert world.texts(GENERAL, RITA)[-1] == "Hello"
    assert (world.slack.view(RITA) or {})["title"] == "Reject"


async def test_an_answer_can_be_replaced(world: World, notifier: Notifier) -> None:
    await world.slack.command(RITA, GENERAL, "help")
    url = world.bot.heard[-1]["response_url"]
    await notifier.respond(url, HELLO)
    await notifier.respond(url, BYE)
    assert world.texts(GENERAL, RITA)[-2:] == ["Hello", "Bye"]


async def test_a_file_is_put_into_the_thread_of_a_message(world: World, notifier: Notifier) -> None:
    posted = await notifier.post(GENERAL, HELLO)
    await notifier.upload_file(GENERAL, posted.ts, "all.csv", b"a,b\n", title="All packages")
    (message,) = world.slack.messages(GENERAL, RITA)
    (reply,) = world.slack.replies(message, RITA)
    assert world.slack.text_of(reply) == "📎 All packages (all.csv, 4 bytes)"
    assert [file.content for file in world.slack.files.values()] == [b"a,b\n"]


@pytest.mark.parametrize("step", ["files.getUploadURLExternal", "files.completeUploadExternal"])
async def test_a_file_that_slack_does_not_take_is_seen_by_nobody(world: World, notifier: Notifier, step: str) -> None:
    posted = await notifier.post(GENERAL, HELLO)
    world.slack.fail_next(step, error="missing_scope")
    with pytest.raises(SlackRefused, match="missing_scope"):
        await notifier.upload_file(GENERAL, posted.ts, "all.csv", b"a,b\n", title="All packages")
    (message,) = world.slack.messages(GENERAL, RITA)
    assert world.slack.replies(message, RITA) == []


async def test_a_file_into_a_channel_without_the_bot_is_refused(notifier: Notifier) -> None:
    with pytest.raises(SlackRefused, match="not_in_channel"):
        await notifier.upload_file(RANDOM, "", "all.csv", b"a,b\n", title="All packages")


@pytest.mark.parametrize(
    ("upload_url", "kind", "words"),
    [
        # content goes to Slack's own hosts only
        (b'"https://evil.example/upload"', SlackRefused, "foreign_address"),
        (b'"https://files.slack.com@evil.example/"', SlackRefused, "foreign_address"),
        (b'"http://files.slack.com/upload"', SlackRefused, "foreign_address"),
        (b'"https://hooks.slack.com/upload"', SlackRefused, "foreign_address"),
        (b'"/upload"', SlackRefused, "foreign_address"),
        # an answer of another shape is none
        (b"7", SlackUnavailable, "no readable answer"),
        (b"null", SlackUnavailable, "no readable answer"),
    ],
)
async def test_a_file_goes_nowhere_but_to_slack(upload_url: bytes, kind: type[SlackError], words: str) -> None:
    said = server_that_says(200, b'{"ok":true,"file_id":"F1","upload_url":' + upload_url + b"}")
    async with said as url, notifier_for(url) as notifier:
        with pytest.raises(kind, match=words):
            await notifier.upload_file(GENERAL, "", "all.csv", b"a,b\n", title="All packages")


async def test_a_person_is_read_as_slack_knows_them(notifier: Notifier) -> None:
    rita = await notifier.load_person(RITA)
    assert (rita.id, rita.name, rita.real_name, rita.email) == (RITA, "rita", "Rita", "rita@acme.example")
    assert (rita.active, rita.is_guest, rita.is_bot, rita.team) == (True, False, False, "T0ACME")


async def test_the_members_of_a_channel_are_listed(notifier: Notifier) -> None:
    assert {RITA, OTTO} <= await notifier.list_members(GENERAL)


async def test_long_lists_of_members_are_read_to_the_end() -> None:
    pages = iter(
        [
            {"ok": True, "members": ["U1", "U2"], "response_metadata": {"next_cursor": "more"}},
            {"ok": True, "members": ["U3"], "response_metadata": {"next_cursor": ""}},
        ]
    )

    async def answer(_request: web.Request) -> web.Response:
        return web.json_response(next(pages))

    app = web.Application()
    app.router.add_get("/conversations.members", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with notifier_for(f"http://127.0.0.1:{runner.addresses[0][1]}/") as notifier:
        assert await notifier.list_members(GENERAL) == {"U1", "U2", "U3"}
    await runner.cleanup()


async def test_the_channels_of_the_bot_are_postable_and_others_are_not(notifier: Notifier) -> None:
    assert await notifier.check_channel(GENERAL) == ChannelAccess(postable=True, private=False, why="")
    assert await notifier.check_channel(RANDOM) == ChannelAccess(postable=False, private=False, why="not_in_channel")
    assert await notifier.check_channel("C0NOWHERE") == ChannelAccess(
        postable=False, private=False, why="channel_not_found"
    )


async def test_the_bots_own_dm_is_postable_and_private(world: World, notifier: Notifier) -> None:
    access = await notifier.check_channel(world.slack.dm(OTTO))
    assert access == ChannelAccess(postable=True, private=True, why="")


async def test_what_slack_does_not_tell_of_a_channel_does_not_stop_a_post(world: World, notifier: Notifier) -> None:
    world.slack.fail_next("conversations.info", error="missing_scope")
    assert await notifier.check_channel(GENERAL) == ChannelAccess(postable=True, private=False, why="")


@pytest.mark.parametrize(
    ("channel", "expected"),
    [
        (b'"is_private":true,"is_member":true', ChannelAccess(postable=True, private=True, why="")),
        (b'"is_mpim":true,"is_member":true', ChannelAccess(postable=True, private=True, why="")),
        (b'"is_member":true,"is_archived":true', ChannelAccess(postable=False, private=False, why="is_archived")),
        (b'"is_private":true', ChannelAccess(postable=False, private=True, why="not_in_channel")),
    ],
)
async def test_a_channel_is_judged_by_what_slack_says(channel: bytes, expected: ChannelAccess) -> None:
    async with (
        server_that_says(200, b'{"ok":true,"channel":{' + channel + b"}}") as url,
        notifier_for(url) as notifier,
    ):
        assert await notifier.check_channel("C1") == expected


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ('"deleted":true', (False, False, False, "a@b.example")),
        ('"is_restricted":true', (True, True, False, "a@b.example")),
        ('"is_ultra_restricted":true', (True, True, False, "a@b.example")),
        ('"is_bot":true', (True, False, True, "a@b.example")),
        # an address that its owner never confirmed proves nothing
        ('"is_email_confirmed":false', (True, False, False, "")),
    ],
)
async def test_a_person_is_judged_by_what_slack_says(user: str, expected: tuple[bool, bool, bool, str]) -> None:
    body = f'{{"ok":true,"user":{{"id":"U1","profile":{{"email":"a@b.example"}},{user}}}}}'
    async with server_that_says(200, body.encode()) as url, notifier_for(url) as notifier:
        person = await notifier.load_person("U1")
    assert (person.active, person.is_guest, person.is_bot, person.email) == expected


ANSWERS = [
    # Slack says no, and repeating does not help
    (200, b'{"ok":false,"error":"channel_not_found"}', SlackRefused, "channel_not_found"),
    (
        200,
        b'{"ok":false,"error":"invalid_blocks","response_metadata":{"messages":["[ERROR] too long"]}}',
        SlackRefused,
        r"invalid_blocks \(\[ERROR\] too long\)",
    ),
    (403, b'{"ok":false,"error":"invalid_auth"}', SlackUnavailable, "Slack refuses the bot token: invalid_auth"),
    # Slack is busy or broken
    (200, b'{"ok":false,"error":"internal_error"}', SlackUnavailable, "internal_error"),
    (503, b'{"ok":false,"error":"anything"}', SlackUnavailable, "503"),
    (200, b'{"ok":false,"error":"ratelimited"}', SlackThrottled, "30 s"),
    (429, b"", SlackThrottled, "30 s"),
    # an answer that is none
    (502, b"<html>", SlackUnavailable, "no readable answer"),
    (200, b"<html>", SlackUnavailable, "no readable answer"),
    (200, b"", SlackUnavailable, "no readable answer"),
    (200, b"[]", SlackUnavailable, "no readable answer"),
    (200, b'"ok"', SlackUnavailable, "no readable answer"),
    (200, b"\xff", SlackUnavailable, "no readable answer"),
    (200, b'{"ok":false}', SlackUnavailable, "no readable answer"),
    (200, b'{"ok":true}', SlackUnavailable, "no readable answer"),
]


@pytest.mark.parametrize(("status", "body", "kind", "words"), ANSWERS)
async def test_an_answer_that_is_none_becomes_an_error_of_ours(
    status: int, body: bytes, kind: type[SlackError], words: str
) -> None:
    async with server_that_says(status, body) as url, notifier_for(url) as notifier:
        with pytest.raises(kind, match=words):
            await notifier.post(GENERAL, HELLO)


async def test_plain_text_is_no_answer() -> None:
    said = server_that_says(200, b"fine", **{"Content-Type": "text/plain"})
    async with said as url, notifier_for(url) as notifier:
        with pytest.raises(SlackUnavailable, match="no readable answer"):
            await notifier.post(GENERAL, HELLO)


async def test_slack_says_how_long_to_wait(world: World, notifier: Notifier) -> None:
    world.slack.fail_next("chat.postMessage", retry_after=7)
    with pytest.raises(SlackThrottled) as throttled:
        await notifier.post(GENERAL, HELLO)
    assert throttled.value.retry_after == 7


async def test_an_outage_is_told_and_nothing_is_sent_twice(world: World, notifier: Notifier) -> None:
    world.slack.outage = True
    with pytest.raises(SlackUnavailable):
        await notifier.post(GENERAL, HELLO)
    world.slack.outage = False
    assert world.texts(GENERAL, RITA) == []


async def test_nobody_at_the_address_is_told() -> None:
    closed = HeldPort()
    async with notifier_for(f"http://127.0.0.1:{closed.number}/api/") as notifier:
        with pytest.raises(SlackUnavailable, match="ClientConnectorError"):
            await notifier.identify()


async def test_loopback_is_never_reached_through_a_proxy(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with notifier_for(world.slack.api_url) as notifier:
        assert (await notifier.identify()).team == "T0ACME"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "no address",
        "/commands/1",
        "https://hooks.slack.com.example.com/commands/1",
        "https://hooks.slack.com@example.com/commands/1",
        "https://me:word@hooks.slack.com/commands/1",
        "https://hooks.slack.com:8443/commands/1",
        "https://example.com/hooks.slack.com",
        "https://slack.com/commands/1",
        "http://hooks.slack.com/commands/1",
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:1/commands/1",
        "http://[::1",
        "file:///etc/passwd",
    ],
)
async def test_an_answer_goes_nowhere_but_to_slack(notifier: Notifier, url: str) -> None:
    with pytest.raises(SlackRefused, match="foreign_address"):
        await notifier.respond(url, HELLO)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(302, SlackRefused), (404, SlackRefused), (429, SlackThrottled), (500, SlackUnavailable)],
)
async def test_an_answer_that_slack_does_not_take_is_told(status: int, kind: type[SlackError]) -> None:
    said = server_that_says(status, b"", Location="http://127.0.0.1:1/", **{"Retry-After": "3"})
    async with said as url, notifier_for(f"{url}api/") as notifier:
        with pytest.raises(kind):
            await notifier.respond(f"{url}commands/1", HELLO)


@pytest.mark.parametrize(
    ("url", "base", "expected"),
    [
        ("wss://wss-primary.slack.com/link/?ticket=1", "https://slack.com/api/", True),
        ("wss://wss-primary.slack-gov.com/link/", "https://slack-gov.com/api/", True),
        ("wss://wss-primary.slack.com/link/", "https://proxy.example.com/api/", True),
        ("ws://127.0.0.1:4000/link/", "http://127.0.0.1:3000/api/", True),
        # plain, or somebody else's
        ("ws://wss-primary.slack.com/link/", "https://slack.com/api/", False),
        ("https://wss-primary.slack.com/link/", "https://slack.com/api/", False),
        ("wss://evilslack.com/link/", "https://slack.com/api/", False),
        ("wss://slack.com.evil.example/link/", "https://slack.com/api/", False),
        ("wss://evil.example/link/?slack.com", "https://slack.com/api/", False),
        ("wss://slack.com@evil.example/link/", "https://slack.com/api/", False),
        ("wss:///link/", "https://slack.com/api/", False),
        ("wss://wss-primary.slack.com/link/", "http://127.0.0.1:3000/api/", False),
        ("ws://192.0.2.1/link/", "http://127.0.0.1:3000/api/", False),
    ],
)
def test_connections_are_made_to_slack_alone(url: str, base: str, expected: bool) -> None:  # noqa: FBT001 - of a table
    assert is_slacks_socket(URL(url), URL(base)) is expected


def subclasses_of(kind: type[Exception]) -> Iterator[type[Exception]]:
    yield kind
    for child in kind.__subclasses__():
        yield from subclasses_of(child)


@pytest.mark.parametrize("root", [slack_sdk.errors.SlackClientError, aiohttp.ClientError])
def test_every_error_of_the_libraries_is_mapped(root: type[Exception]) -> None:
    for kind in subclasses_of(root):
        assert issubclass(kind, FOREIGN_ERRORS)
        assert isinstance(map_error(kind.__new__(kind)), SlackError)
