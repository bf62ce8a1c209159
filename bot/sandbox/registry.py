"""A simulated npm registry with its site, on loopback: it holds state, keeps npm's rules, and fails on demand.

The second factor, the windows, the overlaps and the answers are those of the facts that others measured; the tests run
the real npm against it.
"""

import asyncio
import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from itertools import groupby
from typing import Any

from aiohttp import web

from bot.clock import Clock
from bot.sandbox.exchanges import Watcher, exchange, watch_nothing
from bot.sandbox.ports import LOOPBACK, HeldPort
from bot.sandbox.registry_api import answer_api
from bot.sandbox.registry_controls import Body, RegistryControls
from bot.sandbox.registry_faults import DELAYS, answer_of
from bot.sandbox.registry_http import is_from_here, make_response
from bot.sandbox.registry_switches import Fault, When
from bot.sandbox.registry_trust import TRUST_PATH, answer_trust, challenge
from bot.sandbox.registry_wire import Answer, Call
from bot.sandbox.website import answer_site

__all__ = ["Body", "CallRecord", "SimulatedRegistry"]

SHOWN_CALLS = 200


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A call that came in, and what it got."""

    at: datetime
    method: str
    path: str
    """As it was sent, without query; a token in it is left out."""
    status: int
    npm_user: str
    note: str

    @property
    def is_poll(self) -> bool:
        """Tell whether it only asked for a person who has not come yet."""
        return self.status == HTTPStatus.ACCEPTED


class SimulatedRegistry(RegistryControls):
    """The registry as the world outside sees it."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.calls: list[CallRecord] = []
        """Each call, oldest first."""
        self.on_exchange: Watcher = watch_nothing
        """Told of each call, stage by stage."""
        self.most_at_once = 0
        """How many calls were under way at the same time, at most."""
        self._clock = clock
        self._under_way = 0
        self._port: HeldPort | None = None
        self._runner: web.ServerRunner | None = None

    # The server

    async def start(self, port: int = 0) -> None:
        """Listen on loopback: on that port, else on the one from before, else on any free one."""
        if self._runner:
            return
        if port or not self._port:
            self._port = HeldPort(port)
        self._runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=0.1)
        await self._runner.setup()
        await web.SockSite(self._runner, self._port.open()).start()
        self.on_change()

    async def stop(self) -> None:
        """Listen no more and cut every connection. What is known stays; the next start takes the same port."""
        runner, self._runner = self._runner, None
        if runner:
            await runner.cleanup()
            self.on_change()

    @property
    def is_up(self) -> bool:
        """Tell whether it listens."""
        return self._runner is not None

    @property
    def url(self) -> str:
        """The base address, without a slash at its end."""
        return f"http://{LOOPBACK}:{self._port.number if self._port else 0}"

    # The side panel

    def count_calls(self, path: str = "", *, method: str = "GET", status: int = 0) -> int:
        """Count the calls whose raw path contains a text; with that status, if one is given."""
        return sum(path in call.path and call.method == method and status in {0, call.status} for call in self.calls)

    def snapshot(self) -> dict[str, Any]:
        """Show what the registry holds and which calls it got, newest last; waiting polls in a row are one line."""
        now = self._clock.now()
        lines: list[dict[str, Any]] = []
        for _, group in groupby(self.calls[-SHOWN_CALLS:], key=lambda call: call.path if call.is_poll else id(call)):
            polls = list(group)
            line = _show_call(polls[-1])
            lines.append(line if len(polls) == 1 else {**line, "note": f"asked {len(polls)} times"})
        packages = [
            {
                "name": name,
                "maintainers": list(package.seed.maintainers),
                "private": package.seed.private,
                "configurations": [
                    {**record.as_json(), "expired": record.is_expired(now)} for record in self.state.standing(name)
                ],
            }
            for name, package in self.state.packages.items()
        ]
        return {"url": self.url, "up": self.is_up, "packages": packages, "calls": lines}

    # One call

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path, _, _ = request.raw_path.partition("?")
        name = f"{request.method} {path}"
        self._under_way += 1
        self.most_at_once = max(self.most_at_once, self._under_way)
        try:
            await asyncio.sleep(self.latency)
            return await exchange(request, name, self.on_exchange, lambda: self._respond(request, path))
        finally:
            self._under_way -= 1

    async def _respond(self, request: web.BaseRequest, path: str) -> web.Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        session = self.state.find_session(token) if scheme.lower() == "bearer" else None
        call = Call(
            method=request.method,
            path=path,
            query=request.query,
            headers=request.headers,
            body=await request.read(),
            base_url=self.url,
            session=session,
            address=request.remote or "",
        )
        answer = await self._answer(call)
        response = make_response(answer, request.transport)
        if self.switches.notice and TRUST_PATH.fullmatch(path) and "npm-notice" not in answer.headers:
            response.headers["npm-notice"] = self.switches.notice
        response.headers["Date"] = format_datetime(self._clock.now(), usegmt=True)
        return response

    async def _answer(self, call: Call) -> Answer:
        """Answer a call, with what goes wrong with it; it is recorded when it was acted on."""
        at_once = await self._suffer(call, When.AT_ONCE)
        refused = at_once or self._refuse(call) or await self._suffer(call, When.BEFORE_ACTING)
        answer = refused or self._act(call)
        fault = self._faults.take(call, When.AFTER_ACTING) if not refused and answer.is_success else None
        if fault is None:
            self._record(call, answer)
            return answer
        if fault in DELAYS:
            self._record(call, answer)
            await self._delay(fault)
            return answer
        shown = answer_of(fault, self._clock.now())
        self._record(call, answer, note="acted, the answer is lost")
        return shown

    async def _suffer(self, call: Call, when: When) -> Answer | None:
        """Let go wrong what is to go wrong before a call is acted on; none when it goes on."""
        fault = self._faults.take(call, when)
        if fault in DELAYS:
            await self._delay(fault)
            return None
        return answer_of(fault, self._clock.now()) if fault else None

    async def _delay(self, fault: Fault | Answer | None) -> None:
        if fault is Fault.SLOW:
            await asyncio.sleep(self.switches.slow_seconds)
            return
        self._is_held.set()
        await self._released.wait()

    def _refuse(self, call: Call) -> Answer | None:
        """Refuse a foreign page, a call too many, and a trust call without its second factor."""
        if not is_from_here(call):
            return Answer(HTTPStatus.FORBIDDEN, {"message": "only from this machine and its own pages"})
        if TRUST_PATH.fullmatch(call.path):
            return self._limit() or challenge(self.state, call)
        return None

    def _limit(self) -> Answer | None:
        limit, now = self.switches.limit, self._clock.now()
        if limit is None:
            return None
        since = now - timedelta(seconds=limit.seconds)
        recent = [
            record.at
            for record in self.calls
            if record.at > since and record.status != HTTPStatus.TOO_MANY_REQUESTS and TRUST_PATH.fullmatch(record.path)
        ]
        if len(recent) < limit.calls:
            return None
        oldest = recent[-limit.calls] if limit.calls else now
        seconds = max(1, math.ceil((oldest - since).total_seconds()))
        body = {"message": "too many requests"}
        return Answer(HTTPStatus.TOO_MANY_REQUESTS, body, {"retry-after": str(seconds)}, note="over the limit")

    def _act(self, call: Call) -> Answer:
        if trust := TRUST_PATH.fullmatch(call.path):
            return answer_trust(self.state, call, trust)
        return answer_site(self.state, call) or answer_api(self.state, call)

    def _record(self, call: Call, answer: Answer, *, note: str = "") -> None:
        npm_user = call.session.npm_user if call.session else ""
        shown = re.sub(r"(?<=/token/).+", "…", call.path)
        record = CallRecord(self._clock.now(), call.method, shown, answer.status, npm_user, note or answer.note)
        self.calls.append(record)
        self.on_change()


def _show_call(call: CallRecord) -> dict[str, Any]:
    return {
        "second": call.at.isoformat(timespec="seconds"),
        "method": call.method,
        "path": call.path,
        "status": call.status,
        "npm_user": call.npm_user,
        "note": call.note,
    }
