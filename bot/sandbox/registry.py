"""A simulated npm registry with its site, on loopback: it holds state, keeps npm's rules, and fails on demand.

The second factor, the windows, the overlaps and the answers are those of the facts that others measured; the tests run
the real npm against it.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from itertools import groupby
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from aiohttp import web

from bot.clock import Clock
from bot.sandbox.cast import SeedPackage
from bot.sandbox.exchanges import Watcher, exchange, watch_nothing
from bot.sandbox.ports import LOOPBACK, HeldPort
from bot.sandbox.registry_api import answer_api
from bot.sandbox.registry_state import (
    GRANULAR_PREFIX,
    AcceptedCreate,
    HandoffKind,
    RegistryState,
    Verdict,
)
from bot.sandbox.registry_trust import TRUST_PATH, answer_trust, challenge
from bot.sandbox.registry_wire import Answer, Call
from bot.sandbox.website import answer_site

SHOWN_CALLS = 200

Body: TypeAlias = str | Mapping[str, Any] | list[Any] | None


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


@dataclass(frozen=True, slots=True)
class _Fault:
    method: str
    path: str
    answer: Answer


class SimulatedRegistry:
    """The registry as the world outside sees it, and the switches that tests and the sandbox use."""

    def __init__(self, clock: Clock) -> None:
        self.state = RegistryState(clock)
        self.calls: list[CallRecord] = []
        """Each call, oldest first."""
        self.on_change: Callable[[], None] = lambda: None
        """Called after each call and each press on the site."""
        self.on_exchange: Watcher = watch_nothing
        """Told of each call, stage by stage."""
        self._clock = clock
        self._faults: list[_Fault] = []
        self._lost: list[str] = []
        self._held_method = ""
        self._is_held = asyncio.Event()
        self._released = asyncio.Event()
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

    # What a person does on the site

    def log_in(self, auth_url: str, npm_user: str) -> Verdict:
        """Log in on the page of a login link."""
        return self._press(auth_url, HandoffKind.LOGIN, npm_user)

    def confirm(self, auth_url: str, npm_user: str, *, remember: bool = False) -> Verdict:
        """Use the security key on the page of a confirmation link; `remember` ticks the five-minute box."""
        return self._press(auth_url, HandoffKind.CONFIRM, npm_user, remember=remember)

    def refuse(self, auth_url: str) -> Verdict:
        """Press "Refuse" on either page."""
        kind, handoff_id = _split_link(auth_url)
        return self._changed(self.state.refuse_handoff(kind, handoff_id))

    def _press(self, auth_url: str, kind: HandoffKind, npm_user: str, *, remember: bool = False) -> Verdict:
        handoff_id = _split_link(auth_url)[1]
        return self._changed(self.state.confirm_handoff(kind, handoff_id, npm_user, remember=remember))

    def _changed(self, verdict: Verdict) -> Verdict:
        self.on_change()
        return verdict

    # What happens behind our back

    def open_session(self, npm_user: str, *, granular: bool = False) -> str:
        """Give a token: of a login, or a granular access token."""
        return self.state.open_session(npm_user, prefix=f"{GRANULAR_PREFIX}_" if granular else "npm_").token

    def add_package(self, seed: SeedPackage) -> None:
        """Publish a package, or publish it anew with other maintainers and evidence."""
        self.state.add_package(seed)
        self.on_change()

    def add_configuration(
        self, package: str, type_: str, claims: Mapping[str, Any], permissions: tuple[str, ...] = ("createPackage",)
    ) -> str:
        """Make a configuration as somebody else would, on the site; tells its id."""
        record = self.state.add_configuration(package, type_, claims, permissions)
        self.on_change()
        return record.id

    def remove_configuration(self, package: str, configuration_id: str) -> bool:
        """Revoke a configuration as somebody else would, on the site."""
        is_gone = self.state.remove_configuration(package, configuration_id)
        self.on_change()
        return is_gone

    def configurations(self, package: str) -> list[dict[str, Any]]:
        """Tell what truly stands, however much the lists lag."""
        return self.state.list_configurations(package)

    @property
    def accepted_creates(self) -> list[AcceptedCreate]:
        """Each create that was acted on, oldest first."""
        return self.state.accepted_creates

    # Faults

    @property
    def lag_seconds(self) -> float:
        """How long a list takes to show a write."""
        return self.state.lag_seconds

    @lag_seconds.setter
    def lag_seconds(self, seconds: float) -> None:
        self.state.lag_seconds = seconds

    def fail_next(
        self,
        method: str,
        status: int,
        body: Body = None,
        *,
        headers: Mapping[str, str] | None = None,
        path: str = "/trust",
    ) -> None:
        """Answer the next such call so, without acting. A trust call is challenged first, and that does not count.

        `path` is what the raw path must contain; a `body` that is a text goes out as HTML.
        """
        content = body if body is not None else {"message": "made to fail"}
        answer = Answer(status, content, headers or {}, note="made to fail")
        self._faults.append(_Fault(method, path, answer))

    def lose_answer_of_next(self, method: str) -> None:
        """Act on the next trust call of this method that is accepted, then cut the connection without an answer."""
        self._lost.append(method)

    def hold_answer_of_next(self, method: str) -> None:
        """Act on the next trust call of this method that is accepted, and answer it when `release` says so."""
        self._held_method = method
        self._is_held.clear()
        self._released.clear()

    async def wait_until_held(self) -> None:
        """Wait until such a call has come."""
        await self._is_held.wait()

    def release(self) -> None:
        """Answer the call that is held."""
        self._held_method = ""
        self._released.set()

    # The side panel

    def snapshot(self) -> dict[str, Any]:
        """Show what the registry holds and which calls it got, newest last; waiting polls in a row are one line."""
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
                "configurations": self.configurations(name),
            }
            for name, package in self.state.packages.items()
        ]
        return {"url": self.url, "up": self.is_up, "packages": packages, "calls": lines}

    # One call

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path, _, _ = request.raw_path.partition("?")
        name = f"{request.method} {path}"
        return await exchange(request, name, self.on_exchange, lambda: self._respond(request, path))

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
        )
        answer = self._answer(call)
        is_lost = self._is_lost(call, answer)
        note = "acted, the answer is lost" if is_lost else answer.note
        npm_user = session.npm_user if session else ""
        shown = "/-/user/token/…" if path.startswith("/-/user/token/") else path
        self.calls.append(CallRecord(self._clock.now(), call.method, shown, answer.status, npm_user, note))
        self.on_change()
        if call.method == self._held_method and answer.is_success and TRUST_PATH.fullmatch(call.path):
            self._is_held.set()
            await self._released.wait()
        if is_lost and request.transport:
            request.transport.abort()
        return _make_response(answer)

    def _answer(self, call: Call) -> Answer:
        if not _is_from_here(call):
            return Answer(HTTPStatus.FORBIDDEN, {"message": "only from this machine and its own pages"})
        if trust := TRUST_PATH.fullmatch(call.path):
            return challenge(self.state, call) or self._take_fault(call) or answer_trust(self.state, call, trust)
        return self._take_fault(call) or answer_site(self.state, call) or answer_api(self.state, call)

    def _take_fault(self, call: Call) -> Answer | None:
        for fault in self._faults:
            if fault.method == call.method and fault.path in call.path:
                self._faults.remove(fault)
                return fault.answer
        return None

    def _is_lost(self, call: Call, answer: Answer) -> bool:
        if call.method not in self._lost or not answer.is_success or not TRUST_PATH.fullmatch(call.path):
            return False
        self._lost.remove(call.method)
        return True


def _is_from_here(call: Call) -> bool:
    """Tell whether no foreign page sent it: neither through a name that resolves to loopback nor by a form."""
    host = urlsplit(f"//{call.headers.get('host', '')}").hostname
    own = {f"http://{name}:{urlsplit(call.base_url).port}" for name in (LOOPBACK, "localhost")}
    return host in {LOOPBACK, "localhost"} and call.headers.get("origin", call.base_url) in own


def _split_link(auth_url: str) -> tuple[HandoffKind, str]:
    """Take `…/auth/cli/ID` or `…/login/cli/ID` apart."""
    _, kind, _, handoff_id = urlsplit(auth_url).path.split("/")
    return HandoffKind(kind), handoff_id


def _show_call(call: CallRecord) -> dict[str, Any]:
    return {
        "second": call.at.isoformat(timespec="seconds"),
        "method": call.method,
        "path": call.path,
        "status": call.status,
        "npm_user": call.npm_user,
        "note": call.note,
    }


def _make_response(answer: Answer) -> web.Response:
    if isinstance(answer.body, str):
        return web.Response(
            status=answer.status, text=answer.body, content_type="text/html", charset="utf-8", headers=answer.headers
        )
    if answer.body is None:
        return web.Response(status=answer.status, headers=answer.headers)
    return web.json_response(answer.body, status=answer.status, headers=answer.headers, dumps=json.dumps)
