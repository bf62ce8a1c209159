"""What the simulated registry knows: accounts, sessions, windows, handoffs and organisations. No HTTP.

npm does not publish how long a handoff lives; everything else here follows npm's manual of `npm trust` and what
others measured against the live registry.
"""

import hashlib
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.clock import Clock
from bot.sandbox.cast import OWNER, PACKAGES, PEOPLE, REQUESTER, SECOND_OWNER, SeedPackage
from bot.sandbox.registry_catalogue import Catalogue, Package
from bot.sandbox.registry_switches import Side, WindowKey, Windows

SESSION_LIFETIME = timedelta(hours=2)
WINDOW = timedelta(minutes=5)
"""How long npm does not ask again after the box was ticked."""
HANDOFF_LIFETIME = timedelta(minutes=5)
GRANULAR_LIFETIME = timedelta(days=90)
GRANULAR_PREFIX = "npm_granular"
"""With what the simulated granular access tokens begin; npm refuses them for trust."""


@dataclass(slots=True)
class Account:
    """An npm account."""

    name: str
    email: str
    email_verified: bool = True
    two_factor: bool = True


@dataclass(slots=True)
class Session:
    """A token of an account: of `npm login`, or a granular access token."""

    token: str
    npm_user: str
    ends_at: datetime
    created_at: datetime
    name: str = ""
    """That of a granular access token."""
    bypasses_2fa: bool = False

    @property
    def is_granular(self) -> bool:
        """Tell whether it is a granular access token."""
        return self.token.startswith(GRANULAR_PREFIX)

    @property
    def key(self) -> str:
        """Name it without telling the token."""
        return hashlib.sha256(self.token.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Asker:
    """Who makes a call, as far as windows care."""

    session: Session
    method: str
    address: str
    """Of the socket."""


@dataclass(frozen=True, slots=True)
class Window:
    """Minutes in which npm does not ask an account for the second factor."""

    npm_user: str
    token: str
    address: str
    """Empty: any."""
    method: str
    """Empty: any."""
    until: datetime


class HandoffKind(StrEnum):
    """What a person is asked for on the site. The values are the first part of the page's path."""

    LOGIN = "login"
    CONFIRM = "auth"


class HandoffState(StrEnum):
    """How far a handoff is."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    USED = "used"


@dataclass(slots=True)
class Handoff:
    """One link to the site, with what its done URL will tell."""

    id: str
    kind: HandoffKind
    ends_at: datetime
    asker: Asker | None
    """Whose call is to be confirmed; none for a login."""
    state: HandoffState = HandoffState.WAITING
    token: str = ""
    """The session token or the one-time password, once it is confirmed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the site says to somebody who pressed a button there."""

    accepted: bool
    sentence: str


@dataclass(slots=True)
class Organisation:
    """An organisation of npm; the name of its scope is the key under which it is kept."""

    members: dict[str, str] = field(default_factory=dict)
    """npm user to `owner`, `admin` or `developer`."""
    teams: dict[str, "Team"] = field(default_factory=dict)


@dataclass(slots=True)
class Team:
    """Some members of an organisation, and what they may do beside what they maintain."""

    members: tuple[str, ...] = ()
    packages: Mapping[str, str] = field(default_factory=dict)
    """Name to `write` or `read`."""


class RegistryState(Catalogue):
    """Everything that survives a stop and start of the simulated registry."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.accounts: dict[str, Account] = {}
        self.organisations: dict[str, Organisation] = {}
        self.sessions: dict[str, Session] = {}
        self.handoffs: dict[str, Handoff] = {}
        self.one_time_passwords: dict[str, str] = {}
        """One-time password to the token of the session that it is for."""
        self.windows: list[Window] = []
        for person in PEOPLE:
            if person.npm_user:
                self.accounts[person.npm_user] = Account(person.npm_user, person.npm_email)
        for seed in PACKAGES:
            self.add_package(seed)
        owners = (OWNER.npm_user, SECOND_OWNER.npm_user)
        members = dict.fromkeys(owners, "owner") | {"ana-npm": "admin", REQUESTER.npm_user: "developer"}
        developers = Team(tuple(members))
        self.organisations["acme"] = Organisation(members, {"developers": developers, "owners": Team(owners)})

    # Accounts and sessions

    def add_package(self, seed: SeedPackage) -> None:
        """Publish a package; whoever maintains it has an account."""
        for name in seed.maintainers:
            self.accounts.setdefault(name, Account(name, f"{name}@elsewhere.example"))
        super().add_package(seed)

    def open_session(self, npm_user: str, *, granular: bool = False) -> Session:
        """Make a token of an account: of a login, good for two hours, or a granular access token."""
        now, lifetime = self.clock.now(), GRANULAR_LIFETIME if granular else SESSION_LIFETIME
        token = (f"{GRANULAR_PREFIX}_" if granular else "npm_") + secrets.token_urlsafe(27)
        session = Session(token, self.accounts[npm_user].name, now + lifetime, now)
        self.sessions[token] = session
        return session

    def find_session(self, token: str) -> Session | None:
        """Find a live session by its token."""
        session = self.sessions.get(token)
        return session if session and session.ends_at > self.clock.now() else None

    # Handoffs and windows

    def open_handoff(self, kind: HandoffKind, asker: Asker | None) -> Handoff:
        """Mint a link: for a login (nobody asks), or to confirm a call."""
        handoff = Handoff(str(uuid.uuid4()), kind, self.clock.now() + HANDOFF_LIFETIME, asker)
        self.handoffs[handoff.id] = handoff
        return handoff

    def find_handoff(self, kind: HandoffKind, handoff_id: str) -> Handoff | Verdict:
        """Find a link that still waits for its person, or say why there is none."""
        handoff = self.handoffs.get(handoff_id)
        if handoff is None or handoff.kind != kind:
            return Verdict(accepted=False, sentence="This link is not known here.")
        if handoff.state is not HandoffState.WAITING:
            return Verdict(accepted=False, sentence="This link was used already.")
        if handoff.ends_at <= self.clock.now():
            return Verdict(accepted=False, sentence="This link has expired.")
        return handoff

    def confirm_handoff(
        self, kind: HandoffKind, handoff_id: str, npm_user: str, *, remember: bool = False, address: str = ""
    ) -> Verdict:
        """Do what a press of the security key does on the site, as that npm user, from that address."""
        handoff = self.find_handoff(kind, handoff_id)
        if isinstance(handoff, Verdict):
            return handoff
        if npm_user not in self.accounts:
            return Verdict(accepted=False, sentence="There is no such npm user.")
        if handoff.asker is None:
            session = self.open_session(npm_user)
            handoff.token = session.token
            if self.switches.login_opens_window:
                self.open_window(session, address=address)
        elif handoff.asker.session.npm_user != npm_user:
            sentence = f"This must be confirmed by {handoff.asker.session.npm_user}; you are logged in as {npm_user}."
            return Verdict(accepted=False, sentence=sentence)
        else:
            handoff.token = secrets.token_hex(16)
            asker = handoff.asker
            self.one_time_passwords[handoff.token] = asker.session.token
            if remember:
                seen = address if self.switches.window_address is Side.BROWSER else asker.address
                self.open_window(asker.session, address=seen, method=asker.method)
        handoff.state = HandoffState.CONFIRMED
        return Verdict(accepted=True, sentence="Done. You may close this page and return to where you came from.")

    def refuse_handoff(self, kind: HandoffKind, handoff_id: str) -> Verdict:
        """Do what the button "Refuse" does on the site."""
        handoff = self.find_handoff(kind, handoff_id)
        if isinstance(handoff, Verdict):
            return handoff
        handoff.state = HandoffState.REFUSED
        return Verdict(accepted=True, sentence="Refused. Nothing was confirmed.")

    def take_token(self, handoff_id: str) -> str | None:
        """Answer a poll: "" while the person is awaited, the token once, and none for what is gone or unknown."""
        handoff = self.handoffs.get(handoff_id)
        if handoff is None or handoff.ends_at <= self.clock.now():
            return None
        if handoff.state is HandoffState.WAITING:
            return ""
        if handoff.state is not HandoffState.CONFIRMED:
            return None
        handoff.state = HandoffState.USED
        return handoff.token

    def open_window(
        self, session: Session, *, address: str = "", method: str = "", lifetime: timedelta = WINDOW
    ) -> None:
        """Open a window, as the box on the site does; empty: from any address, for any method."""
        until = self.clock.now() + lifetime
        self.windows.append(Window(session.npm_user, session.token, address, method, until))

    def is_confirmed(self, asker: Asker, one_time_password: str) -> bool:
        """Tell whether a call may pass: its one-time password, which this uses up, or an open window."""
        if one_time_password and self.one_time_passwords.get(one_time_password) == asker.session.token:
            del self.one_time_passwords[one_time_password]
            return True
        if one_time_password and one_time_password == self.switches.totp:
            if self.switches.totp_opens_window:
                self.open_window(asker.session, address=asker.address, method=asker.method)
            return True
        match self.switches.windows:
            case Windows.NONE:
                return False
            case Windows.READS if asker.method != "GET":
                return False
            case _:
                return any(self._is_open(window, asker) for window in self.windows)

    def _is_open(self, window: Window, asker: Asker) -> bool:
        keys = self.switches.window_keys
        return (
            window.until > self.clock.now()
            and window.npm_user == asker.session.npm_user
            and (WindowKey.SESSION not in keys or window.token == asker.session.token)
            and (WindowKey.ADDRESS not in keys or window.address in {"", asker.address})
            and (WindowKey.METHOD not in keys or window.method in {"", asker.method})
        )

    # Rights

    def right_of(self, npm_user: str, package: Package) -> str:
        """Tell what an account may do with a package: `write`, `read` as a member of a team, or nothing."""
        if npm_user in package.seed.maintainers:
            return "write"
        name = package.seed.name
        organisation = self.organisations.get(name.removeprefix("@").partition("/")[0], Organisation())
        rights = {team.packages.get(name, "") for team in organisation.teams.values() if npm_user in team.members}
        return max(rights, default="")  # "write" comes after "read"

    def can_write(self, session: Session | None, package: Package) -> bool:
        """Tell whether the session's account may change the package."""
        return session is not None and self.right_of(session.npm_user, package) == "write"

    def find_package(self, name: str, session: Session | None) -> Package | None:
        """Find a package that this session may see."""
        package = self.packages.get(name)
        if package and package.seed.private and not (session and self.right_of(session.npm_user, package)):
            return None
        return package
