"""The npm registry as the rest of the bot sees it: each call is one request, sent exactly as npm sends it."""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from http import HTTPStatus
from typing import Final

from pydantic import SecretStr

from bot.clock import Clock
from bot.domain.lifecycle import Call
from bot.domain.operations import body_of
from bot.domain.outcome import AccountRefused, Invalid, ReadAnswer, SessionDead, WriteAnswer
from bot.domain.packages import escape_package
from bot.domain.provenance import Provenance
from bot.domain.publishers import Permission, Publisher
from bot.errors import RegistryError, StartupError
from bot.points import AtPoint
from bot.registry.answers import read_failure, read_list, read_write
from bot.registry.auth import (
    Identity,
    LoginStarted,
    PollAnswer,
    PollFailed,
    read_identity,
    read_login,
    read_poll,
    read_username,
)
from bot.registry.errors import RegistryMisbehaved, RegistryUnavailable
from bot.registry.packages import (
    Found,
    NotFound,
    NotModified,
    PackageRead,
    SearchPage,
    misbehaved,
    read_attestations,
    read_package_reply,
    read_search,
)
from bot.registry.packument import PackumentReader
from bot.registry.transport import KIB, MIB, Reply, Request, Transport
from bot.registry.urls import LinkRules, encode_uri_component, parse_address
from bot.registry.wire import read_access, read_complaint

TRUST_LIMIT: Final = 256 * KIB
ACCESS_LIMIT: Final = 8 * MIB
SEARCH_LIMIT: Final = 8 * MIB
ATTESTATIONS_LIMIT: Final = 2 * MIB

READ_DEADLINE: Final = 30.0
PACKUMENT_DEADLINE: Final = 60.0


class RegistryClient:
    """Calls one npm registry. Sessions and one-time passwords come from the caller and are not kept.

    Trust calls always answer with a value. All others raise `RegistryUnavailable` when npm cannot be used now and
    `RegistryMisbehaved` when its answer is none.
    """

    def __init__(self, base_url: str, *, auth_hosts: frozenset[str], clock: Clock, version: str) -> None:
        registry = parse_address(base_url)
        if registry is None:
            raise StartupError("The registry's address must be a plain http or https address without user name.")
        self._base_url = base_url.rstrip("/")
        self._rules = LinkRules(registry, frozenset(host.lower() for host in auth_hosts))
        self._clock = clock
        self._transport = Transport(self._rules, version=version)

    @property
    def at_point(self) -> AtPoint | None:
        """Is told that a request is about to be sent, or was just answered."""
        return self._transport.at_point

    @at_point.setter
    def at_point(self, listener: AtPoint | None) -> None:
        self._transport.at_point = listener

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    async def list_configurations(
        self, session: SecretStr, package: str, otp: SecretStr | None = None, *, deadline: float = READ_DEADLINE
    ) -> ReadAnswer:
        """Read the trust configurations of a package, within `deadline` seconds."""
        url = self._trust_url(package)
        request = Request(url=url, command="trust", session=session, otp=otp, deadline=deadline, limit=TRUST_LIMIT)
        try:
            reply = await self._transport.exchange(request)
        except RegistryError as err:
            return read_failure(err)
        return read_list(reply, self._rules, self._clock.now())

    async def create_configuration(
        self,
        session: SecretStr,
        package: str,
        publisher: Publisher,
        permissions: Iterable[Permission],
        otp: SecretStr | None = None,
        *,
        deadline: float,
    ) -> WriteAnswer:
        """Add a trust configuration to a package, within `deadline` seconds."""
        request = Request(
            method="POST",
            url=self._trust_url(package),
            command="trust",
            session=session,
            otp=otp,
            content=_to_json(body_of(publisher, permissions)),
            deadline=deadline,
            limit=TRUST_LIMIT,
        )
        return await self._write(request, Call.CREATE)

    async def revoke_configuration(
        self,
        session: SecretStr,
        package: str,
        configuration_id: str,
        otp: SecretStr | None = None,
        *,
        deadline: float,
    ) -> WriteAnswer:
        """Remove a trust configuration from a package, within `deadline` seconds."""
        if configuration_id in {"", ".", ".."}:
            # Such a path would name the list or the package itself, and the call is a DELETE.
            return Invalid(HTTPStatus.BAD_REQUEST, f"No configuration can have the id '{configuration_id}'.")
        request = Request(
            method="DELETE",
            url=f"{self._trust_url(package)}/{encode_uri_component(configuration_id)}",
            command="trust",
            session=session,
            otp=otp,
            deadline=deadline,
            limit=TRUST_LIMIT,
        )
        return await self._write(request, Call.REVOKE)

    async def read_package(self, package: str, *, etag: str = "") -> PackageRead:
        """Read what the full public document of a package shows; with an ETag only if it has changed since."""
        reply, reader = await self._read_packument(package, etag=etag)
        if etag and reply.status == HTTPStatus.NOT_MODIFIED:
            return NotModified()
        return read_package_reply(package, reply, reader)

    async def read_package_as(
        self, session: SecretStr, package: str
    ) -> Found | NotFound | SessionDead | AccountRefused:
        """Read a package as the account of a session sees it, which the public may not."""
        reply, reader = await self._read_packument(package, session=session)
        if reply.status == HTTPStatus.UNAUTHORIZED:
            return self._read_refusal(reply)
        if reply.status == HTTPStatus.FORBIDDEN:
            return AccountRefused(reply.status, read_complaint(reply.read_json()) or reply.status_text)
        found = read_package_reply(package, reply, reader)
        if isinstance(found, NotFound) and await self.is_over(session):
            # Whoever npm does not know may not even know of a private package.
            return SessionDead(found.why)
        return found

    async def search(self, text: str, *, size: int = 250, offset: int = 0) -> SearchPage:
        """Search the public registry, with npm's own weights; npm gives at most 250 names at once."""
        weights = "quality=0.65&popularity=0.98&maintenance=0.5"
        query = f"text={encode_uri_component(text)}&size={size}&from={offset}&{weights}"
        url = self._url(f"/-/v1/search?{query}")
        return read_search(await self._send(Request(url=url, command="search", limit=SEARCH_LIMIT)))

    async def load_provenance(self, package: str, version: str) -> Provenance | None:
        """Read where a public version was built; None when nothing attests it."""
        spec = f"{escape_package(package)}@{encode_uri_component(version)}"
        url = self._url(f"/-/npm/v1/attestations/{spec}")
        return read_attestations(await self._send(Request(url=url, command="view", limit=ATTESTATIONS_LIMIT)))

    async def read_clock(self) -> datetime | None:
        """Ask what time it is at the registry; None when it does not tell. Whatever it answers, it was reached."""
        reply = await self._transport.exchange(Request(url=self._url("/-/ping"), command="ping"))
        return reply.read_date()

    async def start_login(self) -> LoginStarted:
        """Ask npm for a pair of login links."""
        request = Request(method="POST", url=self._url("/-/v1/login"), command="login", content=b"{}")
        return read_login(await self._send(request), self._rules)

    async def poll(self, done_url: SecretStr, session: SecretStr | None = None) -> PollAnswer:
        """Ask once whether the person confirmed. With a session it is a trust call's challenge, without it a login."""
        command = "trust" if session else "login"
        request = Request(url=done_url.get_secret_value(), command=command, session=session)
        try:
            reply = await self._transport.exchange(request)
        except RegistryError as err:
            return PollFailed(str(err), transient=isinstance(err, RegistryUnavailable))
        return read_poll(reply, self._clock.now())

    async def load_identity(self, session: SecretStr) -> Identity | None:
        """Ask npm whose session it is; None when it is dead."""
        reply = await self._send(Request(url=self._url("/-/whoami"), command="whoami", session=session))
        if self._is_dead(reply):
            return None
        npm_user = read_username(reply)
        reply = await self._send(Request(url=self._url("/-/npm/v1/user"), command="profile", session=session))
        return None if self._is_dead(reply) else read_identity(npm_user, reply)

    async def is_over(self, session: SecretStr) -> bool:
        """Ask npm whether it knows a session no more."""
        reply = await self._send(Request(url=self._url("/-/whoami"), command="whoami", session=session))
        return reply.status == HTTPStatus.UNAUTHORIZED and isinstance(self._read_refusal(reply), SessionDead)

    async def log_out(self, session: SecretStr) -> bool:
        """End a session at npm; False when npm does not say that it is over."""
        token = encode_uri_component(session.get_secret_value())
        url = self._url(f"/-/user/token/{token}")
        reply = await self._send(Request(method="DELETE", url=url, command="logout", session=session))
        return reply.is_success or self._is_dead(reply)

    async def list_packages_of(self, session: SecretStr, npm_user: str) -> dict[str, str] | SessionDead | None:
        """Read what a user or an organisation may `read` or `write`; None when npm does not tell this session."""
        reply = await self._list_packages("org", npm_user, session)
        if reply.status == HTTPStatus.NOT_FOUND:
            reply = await self._list_packages("user", npm_user, session)
        if reply.status == HTTPStatus.UNAUTHORIZED:
            refusal = self._read_refusal(reply)
            return refusal if isinstance(refusal, SessionDead) else None
        if reply.status in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
            return None
        access = read_access(reply.read_json()) if reply.is_success else None
        if access is None:
            raise misbehaved(reply, "the packages of a user")
        return access

    async def list_writers(self, session: SecretStr, package: str) -> tuple[str, ...] | SessionDead | None:
        """Read who may write to a package, teams counted; None when npm does not tell this session."""
        url = self._url(f"/-/package/{escape_package(package)}/collaborators")
        reply = await self._send(Request(url=url, command="access", session=session, limit=ACCESS_LIMIT))
        if reply.status == HTTPStatus.UNAUTHORIZED:
            refusal = self._read_refusal(reply)
            return refusal if isinstance(refusal, SessionDead) else None
        access = read_access(reply.read_json()) if reply.is_success else None
        return tuple(name for name, right in access.items() if right == "write") if access is not None else None

    def _url(self, path: str) -> str:
        return f"{self._base_url}{path}"

    def _trust_url(self, package: str) -> str:
        return self._url(f"/-/package/{escape_package(package)}/trust")

    async def _write(self, request: Request, call: Call) -> WriteAnswer:
        try:
            reply = await self._transport.exchange(request)
        except RegistryError as err:
            return read_failure(err)
        return read_write(reply, call, self._rules, self._clock.now())

    async def _read_packument(
        self, package: str, *, etag: str = "", session: SecretStr | None = None
    ) -> tuple[Reply, PackumentReader]:
        request = Request(
            url=self._url(f"/{escape_package(package)}"),
            command="view",
            session=session,
            accept="application/json",
            etag=etag,
            deadline=PACKUMENT_DEADLINE,
        )
        reader = PackumentReader()
        return await self._send(request, reader.feed), reader

    async def _list_packages(self, kind: str, owner: str, session: SecretStr) -> Reply:
        url = self._url(f"/-/{kind}/{encode_uri_component(owner)}/package")
        return await self._send(Request(url=url, command="access", session=session, limit=ACCESS_LIMIT))

    async def _send(self, request: Request, take: Callable[[bytes], None] | None = None) -> Reply:
        """Exchange, and raise for the answers that mean "not now"."""
        reply = await self._transport.exchange(request, take)
        later = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
        if reply.status in later or reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise RegistryUnavailable(f"npm answered {reply.status_text}", reply.read_retry_after(self._clock.now()))
        return reply

    def _is_dead(self, reply: Reply) -> bool:
        """Tell whether the session is no good any more.

        Raises:
            RegistryMisbehaved: npm refuses for another reason.
        """
        if reply.status != HTTPStatus.UNAUTHORIZED:
            return False
        refusal = self._read_refusal(reply)
        if isinstance(refusal, SessionDead):
            return True
        raise RegistryMisbehaved(refusal.message)

    def _read_refusal(self, reply: Reply) -> SessionDead | AccountRefused:
        """Tell the kinds of 401 apart where npm asks for no second factor.

        Raises:
            RegistryMisbehaved: it does ask.
        """
        refusal = read_list(reply, self._rules, self._clock.now())
        if not isinstance(refusal, SessionDead | AccountRefused):
            raise RegistryMisbehaved("npm asks for a second factor where it never did")
        return refusal


def _to_json(document: object) -> bytes:
    """Serialise as JavaScript's JSON.stringify does: the bytes are npm's own."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
