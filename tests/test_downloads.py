"""Files that people hand in are fetched from Slack alone, and our token goes nowhere else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from pydantic import SecretStr
from yarl import URL

from bot.messages.message import View
from bot.notifications import MOST_FILE_BYTES, Notifier, SharedFile, SlackRefused, SlackUnavailable
from bot.slack_addresses import read_file_address
from tests.sandbox.slack_world import GENERAL, RITA, TOKEN, World, open_world, section

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with open_world() as opened:
        yield opened


@pytest.fixture
async def notifier(world: World) -> AsyncIterator[Notifier]:
    opened = Notifier(SecretStr(TOKEN), world.slack.api_url)
    yield opened
    await opened.close()


@pytest.mark.parametrize(
    ("address", "base", "expected"),
    [
        ("https://files.slack.com/files-pri/T1-F1/download/a.csv", "https://slack.com/api/", True),
        ("https://acme.slack.com/files/a.csv", "https://slack.com/api/", True),
        ("https://slack-gov.com/files/a.csv", "https://slack-gov.com/api/", True),
        ("http://127.0.0.1:4000/files-pri/F1", "http://127.0.0.1:4000/api/", True),
        ("http://files.slack.com/a.csv", "https://slack.com/api/", False),
        ("https://files.slack.com:8443/a.csv", "https://slack.com/api/", False),
        ("https://files.slack.com.evil.example/a.csv", "https://slack.com/api/", False),
        ("https://evilslack.com/a.csv", "https://slack.com/api/", False),
        ("https://files.slack.com@evil.example/a.csv", "https://slack.com/api/", False),
        ("https://user:pass@files.slack.com/a.csv", "https://slack.com/api/", False),
        ("https://169.254.169.254/latest", "https://slack.com/api/", False),
        ("http://127.0.0.1:4001/files-pri/F1", "http://127.0.0.1:4000/api/", False),
        ("//files.slack.com/a.csv", "https://slack.com/api/", False),
        ("file:///etc/passwd", "https://slack.com/api/", False),
        ("https://[", "https://slack.com/api/", False),
        ("", "https://slack.com/api/", False),
    ],
)
def test_a_file_is_asked_for_at_slacks_hosts_alone(address: str, base: str, *, expected: bool) -> None:
    assert (read_file_address(address, URL(base)) is not None) is expected


async def test_what_somebody_put_into_a_form_is_fetched(world: World, notifier: Notifier) -> None:
    file = world.slack.upload(RITA, "päckages.csv", b"package\n@acme/ui\n")
    assert await notifier.download_file(file) == SharedFile("päckages.csv", b"package\n@acme/ui\n")


async def refusal_of(notifier: Notifier, file: str) -> str:
    with pytest.raises(SlackRefused) as refused:
        await notifier.download_file(file)
    return refused.value.code


async def test_what_slack_does_not_give_is_refused_in_a_word(world: World, notifier: Notifier) -> None:
    assert await refusal_of(notifier, "F0NONE") == "file_not_found"
    assert await refusal_of(notifier, world.slack.upload(RITA, "a", b"x" * (MOST_FILE_BYTES + 1))) == "file_too_large"
    file = world.slack.upload(RITA, "a.csv", b"package\n")
    world.slack.fail_next("file", status=503)
    with pytest.raises(SlackUnavailable):
        await notifier.download_file(file)
    world.slack.fail_next("file", status=404)
    assert await refusal_of(notifier, file) == "address_refused"
    world.slack.scopes -= {"files:read"}
    assert await refusal_of(notifier, file) == "missing_scope"


@asynccontextmanager
async def slack_that_says(download: web.Response, address: str = "") -> AsyncIterator[tuple[str, list[web.Request]]]:
    """Open a server that knows one file and answers its download so; tells its base, and what was asked."""
    asked: list[web.Request] = []

    async def describe(request: web.Request) -> web.Response:
        here = f"http://{request.host}/files-pri/F1"
        return web.json_response({"ok": True, "file": {"id": "F1", "name": "a.csv", "url_private": address or here}})

    async def hand_out(request: web.Request) -> web.Response:
        asked.append(request)
        return download

    app = web.Application()
    app.router.add_route("*", "/api/files.info", describe)
    app.router.add_route("*", "/{path:.*}", hand_out)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/api/", asked
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (web.Response(text="<html>Sign in</html>", content_type="text/html"), "login_page"),
        (web.Response(status=302, headers={"Location": "/elsewhere"}), "address_refused"),
        (web.Response(body=b"x" * (MOST_FILE_BYTES + 1)), "file_too_large"),  # more than files.info said
    ],
)
async def test_an_answer_that_is_no_file_is_refused(answer: web.Response, code: str) -> None:
    async with slack_that_says(answer) as (base, asked):
        notifier = Notifier(SecretStr(TOKEN), base)
        assert await refusal_of(notifier, "F1") == code
        await notifier.close()
    assert [request.path for request in asked] == ["/files-pri/F1"]  # and no further


async def test_the_token_is_not_sent_to_another_host() -> None:
    async with (
        slack_that_says(web.Response(body=b"x")) as (_, asked_elsewhere),
        slack_that_says(web.Response(body=b"x"), address="http://localhost:9/files-pri/F1") as (base, asked),
    ):
        notifier = Notifier(SecretStr(TOKEN), base)
        assert await refusal_of(notifier, "F1") == "foreign_address"
        await notifier.close()
    assert asked == asked_elsewhere == []


async def test_an_open_view_is_given_another_content(world: World, notifier: Notifier) -> None:
    await world.slack.command(RITA, GENERAL, "bulk")
    trigger = world.bot.heard.pop()["trigger_id"]
    await notifier.open_view(trigger, View("a", "One", "Send", (section("First"),)))
    view = world.slack.view(RITA)
    assert view is not None
    await notifier.update_view(view["id"], View("b", "Two", "", (section("Second"),)))
    shown = world.slack.view(RITA)
    assert shown is not None
    assert (shown["id"], shown["title"], shown["submit"], shown["callback_id"]) == (view["id"], "Two", "", "b")
    await world.slack.close_view(RITA, view["id"])
    with pytest.raises(SlackRefused, match="not_found"):
        await notifier.update_view(view["id"], View("b", "Two", "", (section("Third"),)))
