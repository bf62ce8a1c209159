"""Each HTTP exchange of a stand-in, stage by stage, so that a test can do something in the middle of one."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import StrEnum
from typing import TypeAlias

from aiohttp import web


class Stage(StrEnum):
    """How far an exchange is."""

    RECEIVED = "received"
    """Nothing was done yet."""
    ACTED = "acted"
    """Done, and not answered yet."""
    ANSWERED = "answered"
    """The answer is on its way; whether it is read is another matter."""


Watcher: TypeAlias = Callable[[str, Stage], Awaitable[None]]
"""Is told the name of an exchange (`POST /-/v1/login`, `chat.postMessage`), which goes on when it returns."""


async def watch_nothing(_name: str, _stage: Stage) -> None:
    """Let everything go on."""


async def exchange(
    request: web.BaseRequest, name: str, watch: Watcher, act: Callable[[], Awaitable[web.Response]]
) -> web.Response:
    """Do what a request asks for and answer it."""
    await request.read()  # what has come is done, even when the caller goes now
    await watch(name, Stage.RECEIVED)
    response = await act()
    await watch(name, Stage.ACTED)
    with suppress(ConnectionError):  # the caller has gone
        await response.prepare(request)
        await response.write_eof()
    await watch(name, Stage.ANSWERED)
    return response
