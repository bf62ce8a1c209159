"""What tests and the sandbox do to the simulated registry from outside: people on the site, other owners, faults."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from bot.clock import Clock
from bot.sandbox.cast import SeedPackage
from bot.sandbox.registry_catalogue import AcceptedCreate, Package
from bot.sandbox.registry_faults import Faults, Planned
from bot.sandbox.registry_state import WINDOW, HandoffKind, Organisation, RegistryState, Team, Verdict
from bot.sandbox.registry_switches import Fault, SearchSwitches, Switches, When
from bot.sandbox.registry_wire import Answer
from bot.sandbox.releases import Bulk, Release, Source, Spoil

BROWSER = "192.0.2.7"
"""From where people come who press without a browser."""

Body: TypeAlias = str | Mapping[str, Any] | list[Any] | None


class RegistryControls:
    """The state of the simulated registry, and everything that can be done to it without a call."""

    def __init__(self, clock: Clock) -> None:
        self.state = RegistryState(clock)
        self.on_change: Callable[[], None] = lambda: None
        """Called after each call and each press on the site."""
        self._faults = Faults()
        self._is_held = asyncio.Event()
        self._released = asyncio.Event()

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
        verdict = self.state.confirm_handoff(kind, handoff_id, npm_user, remember=remember, address=BROWSER)
        return self._changed(verdict)

    def _changed(self, verdict: Verdict) -> Verdict:
        self.on_change()
        return verdict

    # What happens behind our back

    def open_session(self, npm_user: str, *, granular: bool = False, name: str = "", bypasses_2fa: bool = False) -> str:
        """Give a token: of a login, or a granular access token, which has a name."""
        session = self.state.open_session(npm_user, granular=granular)
        session.name, session.bypasses_2fa = name, bypasses_2fa
        return session.token

    def open_window(self, token: str, *, seconds: float = WINDOW.total_seconds()) -> None:
        """Open a window for a session, from any address and for any method, as a confirmation elsewhere would."""
        self.state.open_window(self.state.sessions[token], lifetime=timedelta(seconds=seconds))

    def add_team(
        self, organisation: str, team: str, members: tuple[str, ...], packages: Mapping[str, str] | None = None
    ) -> None:
        """Make a team, or make it anew; each package has `write` or `read`. Who was no member becomes one."""
        found = self.state.organisations.setdefault(organisation, Organisation())
        found.members = dict.fromkeys(members, "developer") | found.members
        found.teams[team] = Team(members, packages or {})
        self.on_change()

    def add_package(self, seed: SeedPackage) -> None:
        """Publish a package, or publish it anew with other maintainers and evidence."""
        self.state.add_package(seed)
        self.on_change()

    def publish(
        self,
        name: str,
        version: str,
        *,
        by: str = "",
        through: str = "",
        provenance: Source | bool | None = None,
        at: datetime | None = None,
        tag: str = "",
    ) -> None:
        """Publish a version of a package, now if nothing else is said.

        By hand it is the first maintainer's unless `by` names another; `through` is the id of a configuration that the
        package has or had, and `by` then who approved the stage. `provenance` is as is usual unless it says from where.
        """
        release = Release(version, at or self.state.clock.now(), by=by)
        usual = "next" if "-" in version else "latest"
        self.state.publish(name, release, through=through, provenance=provenance, tag=tag or usual)
        self.on_change()

    def unpublish(self, name: str, version: str = "") -> None:
        """Take back one version of a package, or all of them."""
        self.state.unpublish(name, version)
        self.on_change()

    def deprecate(self, name: str) -> None:
        """Deprecate every version of a package."""
        package = self._touch(name)
        package.seed = replace(package.seed, deprecated=True)

    def enlarge(self, name: str, *, versions: int = 5000, padding: int = 10_000) -> None:
        """Give a package so many old versions by hand with so many bytes in each; they are made while they are sent."""
        self._touch(name).bulk = Bulk(versions, padding)

    def spoil(self, name: str, spoil: Spoil) -> None:
        """Have something wrong with what is answered about a package, until it is mended."""
        self._touch(name).spoil = spoil

    def mend(self, name: str) -> None:
        """Answer about a package as before it was spoiled."""
        self._touch(name).spoil = Spoil.NOTHING

    def _touch(self, name: str) -> Package:
        package = self.state.packages[name]
        self.state.touch(package)
        return package

    def add_configuration(
        self,
        package: str,
        type_: str,
        claims: Mapping[str, Any],
        permissions: tuple[str, ...] = ("createPackage",),
        *,
        extra: Mapping[str, Any] | None = None,
    ) -> str:
        """Make a configuration as somebody else would, on the site; tells its id. `extra` are fields of tomorrow."""
        record = self.state.add_configuration(package, type_, claims, permissions, extra)
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

    # Switches and faults, of which registry_switches.py tells

    @property
    def switches(self) -> Switches:
        """How it is; each stays as it is set."""
        return self.state.switches

    @property
    def search(self) -> SearchSwitches:
        """How the search misleads."""
        return self.switches.search

    @property
    def is_mirror(self) -> bool:
        """Whether it drops what mirrors drop."""
        return self.switches.is_mirror

    @is_mirror.setter
    def is_mirror(self, is_mirror: bool) -> None:
        self.switches.is_mirror = is_mirror

    @property
    def lag_seconds(self) -> float:
        """How long a list takes to show a write."""
        return self.switches.lag_seconds

    @lag_seconds.setter
    def lag_seconds(self, seconds: float) -> None:
        self.switches.lag_seconds = seconds

    @property
    def latency(self) -> float:
        """Real seconds that pass before each answer."""
        return self.switches.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self.switches.latency = seconds

    def fail(
        self,
        fault: Fault | Answer,
        *,
        method: str = "",
        when: When = When.BEFORE_ACTING,
        path: str = "/trust",
        times: int = 1,
    ) -> None:
        """Have the next such calls go wrong: of any method, if none is said, whose raw path contains that text."""
        self._plan(Planned(method, path, fault, when, times))

    def fail_next(
        self,
        method: str,
        status: int,
        body: Body = None,
        *,
        headers: Mapping[str, str] | None = None,
        path: str = "/trust",
    ) -> None:
        """Answer the next such call with what no fault has a name for, without acting.

        A trust call is challenged first, and that does not count. A `body` that is a text goes out as HTML.
        """
        content = body if body is not None else {"message": "made to fail"}
        answer = Answer(status, content, headers or {}, note="made to fail")
        self._plan(Planned(method, path, answer))

    def lose_answer_of_next(self, method: str) -> None:
        """Act on the next trust call of this method that is accepted, then cut the connection without an answer."""
        self.fail(Fault.CUT, method=method, when=When.AFTER_ACTING)

    def hold_answer_of_next(self, method: str) -> None:
        """Act on the next trust call of this method that is accepted, and answer it when `release` says so."""
        self.fail(Fault.STALL, method=method, when=When.AFTER_ACTING)

    def forget_faults(self) -> None:
        """Let nothing go wrong any more, and everything go on that is held."""
        self._faults.forget()
        self._released.set()

    async def wait_until_held(self) -> None:
        """Wait until a call that is to be held has come."""
        await self._is_held.wait()

    def release(self) -> None:
        """Let the calls go on that are held, and hold no more."""
        self._faults.forget(Fault.STALL)
        self._released.set()

    def _plan(self, planned: Planned) -> None:
        if planned.fault is Fault.STALL:
            self._is_held.clear()
            self._released.clear()
        self._faults.plan(planned)


def _split_link(auth_url: str) -> tuple[HandoffKind, str]:
    """Take `…/auth/cli/ID` or `…/login/cli/ID` apart."""
    _, kind, _, handoff_id = urlsplit(auth_url).path.split("/")
    return HandoffKind(kind), handoff_id
