"""A server on loopback that records what it gets and answers what it was told to."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from aiohttp import web


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    """Cut the connection after so many bytes of the body; -1: without any answer."""
    held: bool = False
    """Not answered before `Recorder.release` is set."""
    held_after: int | None = None
    """The same, after so many bytes of the body."""


def answer_json(document: object, status: int = 200, **headers: str) -> Answer:
    body = json.dumps(document).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, body, {"content-type": "application/json", **named})


def answer_html(status: int = 200, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, b"<!doctype html><title>Just a moment</title>", {"content-type": "text/html", **named})


@dataclass(frozen=True)
class Seen:
    method: str
    path: str
    """Raw, with the query."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    peer: object
    """The other end of the connection."""


class Recorder:
    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.answers: list[Answer] = [Answer()]
        self.release = asyncio.Event()
        self.arrived = asyncio.Condition()
        self.held = 0
        self.most_held = 0
        # No router: it would refuse paths that npm's client may well send.
        self._runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=0.1)
        self.url = ""

    async def start(self) -> None:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0]
        self.url = f"http://{host}:{port}"

    async def stop(self) -> None:
        self.release.set()
        await self._runner.cleanup()

    def will_answer(self, *answers: Answer) -> None:
        """Answer these in turn from now on, the last one for ever."""
        self.seen.clear()
        self.answers = list(answers)
        self.release.clear()
        self.most_held = 0

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        peer = request.get_extra_info("peername")
        self.seen.append(Seen(request.method, request.raw_path, headers, await request.read(), peer))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer.held:
            await self._hold()
        return await self._give(request, answer)

    async def _hold(self) -> None:
        self.held += 1
        self.most_held = max(self.most_held, self.held)
        async with self.arrived:
            self.arrived.notify_all()
        await self.release.wait()
        self.held -= 1

    async def _give(self, request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
        if answer.held_after is not None:
            return await self._give_slowly(request, answer, answer.held_after)
        if answer.cut_after is None:
            return web.Response(status=answer.status, body=answer.body, headers=answer.headers)
        transport = request.transport
        assert transport is not None
        cut = web.StreamResponse(status=answer.status, headers=answer.headers)
        if answer.cut_after >= 0:
            cut.content_length = len(answer.body)
            await cut.prepare(request)
            await cut.write(answer.body[: answer.cut_after])
        transport.close() if answer.cut_after >= 0 else transport.abort()
        with suppress(ConnectionError):
            await cut.prepare(request)
        return cut

    async def _give_slowly(self, request: web.BaseRequest, answer: Answer, first: int) -> web.StreamResponse:
        slow = web.StreamResponse(status=answer.status, headers=answer.headers)
        slow.content_length = len(answer.body)
        await slow.prepare(request)
        await slow.write(answer.body[:first])
        await self._hold()
        with suppress(ConnectionError):
            await slow.write(answer.body[first:])
        return slow
