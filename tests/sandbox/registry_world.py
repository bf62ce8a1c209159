"""A simulated registry that listens, a clock that stands still, and a client that sends exactly what it is told."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from yarl import URL

from bot.clock import Clock
from bot.sandbox.registry import SimulatedRegistry


class StoppedClock(Clock):
    """A clock that moves only when it is told to."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def advance(self, **duration: float) -> None:
        self.moment += timedelta(**duration)


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    text: str
    json: Any


@dataclass(frozen=True, slots=True)
class RegistryWorld:
    registry: SimulatedRegistry
    clock: StoppedClock
    http: aiohttp.ClientSession

    async def call(
        self,
        method: str,
        path: str,
        *,
        token: str = "",
        json: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send a request with the raw path as given; a body of bytes goes out as it is, any other as JSON."""
        sent = {"npm-auth-type": "web", **(headers or {})}
        if token:
            sent["authorization"] = f"Bearer {token}"
        url = URL(self.registry.url + path, encoded=True)
        body = {"data": json} if isinstance(json, bytes) else {"json": json}
        async with self.http.request(method, url, headers=sent, allow_redirects=False, **body) as answer:
            is_json = answer.content_type == "application/json"
            text = await answer.text()
            return Reply(answer.status, answer.headers, text, await answer.json() if is_json else None)

    async def fetch_password(self, token: str, *, npm_user: str = "otto-npm", remember: bool = False) -> str:
        """Be challenged, confirm on the site, and poll the one-time password."""
        challenged = await self.call("GET", TRUST_OF_UI, token=token)
        assert self.registry.confirm(challenged.json["authUrl"], npm_user, remember=remember).accepted
        done = await self.call("GET", self.path_of(challenged.json["doneUrl"]))
        return str(done.json["token"])

    async def trusted_call(self, method: str, path: str, *, token: str, json: object = None) -> Reply:
        """Send a call with a fresh one-time password."""
        password = await self.fetch_password(token, npm_user=self.registry.state.sessions[token].npm_user)
        return await self.call(method, path, token=token, json=json, headers={"npm-otp": password})

    def path_of(self, url: str) -> str:
        return url.removeprefix(self.registry.url)


TRUST_OF_UI = "/-/package/@acme%2fui/trust"


def github(repository: str = "acme/ui", file: str = "release.yml", **claims: object) -> dict[str, Any]:
    """Make one item of the body of `npm trust github`."""
    return {
        "type": "github",
        "claims": {"repository": repository, "workflow_ref": {"file": file}, **claims},
        "permissions": ["createPackage"],
    }


@asynccontextmanager
async def open_world() -> AsyncIterator[RegistryWorld]:
    clock = StoppedClock()
    registry = SimulatedRegistry(clock)
    await registry.start()
    try:
        async with aiohttp.ClientSession() as http:
            yield RegistryWorld(registry, clock, http)
    finally:
        await registry.stop()
