"""What the simulated registry knows: accounts, sessions, handoffs, packages and their trust configurations. No HTTP.

npm does not publish how long a handoff lives; everything else here follows npm's manual of `npm trust` and what
others measured against the live registry.
"""

import hashlib
import json
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bot.clock import Clock
from bot.sandbox.cast import PACKAGES, PEOPLE, SeedPackage

SESSION_LIFETIME = timedelta(hours=2)
WINDOW = timedelta(minutes=5)
"""How long npm does not ask again after the box was ticked."""
HANDOFF_LIFETIME = timedelta(minutes=5)
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
    window_until: datetime | None = None
    """Until when npm does not ask this session for the second factor."""

    @property
    def is_granular(self) -> bool:
        """Tell whether it is a granular access token."""
        return self.token.startswith(GRANULAR_PREFIX)


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
    session: Session | None
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
class TrustRecord:
    """A trust configuration, with its times so that lists can lag."""

    id: str
    type: str
    claims: Mapping[str, Any]
    permissions: tuple[str, ...]
    created_at: datetime
    revoked_at: datetime | None = None

    def stands_at(self, moment: datetime) -> bool:
        """Tell whether it existed at that time."""
        return self.created_at <= moment and (self.revoked_at is None or self.revoked_at > moment)

    def as_json(self) -> dict[str, Any]:
        """Show it as npm does: to stage is allowed by every configuration, so it is always listed."""
        implied = () if "createStagedPackage" in self.permissions else ("createStagedPackage",)
        return {
            "id": self.id,
            "type": self.type,
            "claims": dict(self.claims),
            "permissions": [*self.permissions, *implied],
        }


@dataclass(slots=True)
class Package:
    """A package and every trust configuration that it ever had."""

    seed: SeedPackage
    records: list[TrustRecord] = field(default_factory=list)

    def standing(self, moment: datetime) -> list[TrustRecord]:
        """List the configurations of that time, oldest first."""
        return [record for record in self.records if record.stands_at(moment)]


@dataclass(frozen=True, slots=True)
class AcceptedCreate:
    """A create that npm acted on."""

    package: str
    fingerprint: str
    """SHA-256 of the canonical JSON of provider, claims and permissions as they were posted."""
    npm_user: str
    at: datetime


def fingerprint_of(type_: str, claims: Mapping[str, Any], permissions: Sequence[str]) -> str:
    """Hash what a create asks for."""
    content = json.dumps([type_, claims, sorted(permissions)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()


class RegistryState:
    """Everything that survives a stop and start of the simulated registry."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.accounts: dict[str, Account] = {}
        self.packages: dict[str, Package] = {}
        self.sessions: dict[str, Session] = {}
        self.handoffs: dict[str, Handoff] = {}
        self.one_time_passwords: dict[str, str] = {}
        """One-time password to the token of the session that it is for."""
        self.accepted_creates: list[AcceptedCreate] = []
        self.lag_seconds = 0.0
        """How long a list takes to show a write."""
        for person in PEOPLE:
            if person.npm_user:
                self.accounts[person.npm_user] = Account(person.npm_user, person.npm_email)
        for seed in PACKAGES:
            self.add_package(seed)

    # Accounts and sessions

    def open_session(self, npm_user: str, *, prefix: str = "npm_") -> Session:
        """Make a token of an account, good for two hours."""
        token = prefix + secrets.token_urlsafe(27)
        session = Session(token, self.accounts[npm_user].name, self.clock.now() + SESSION_LIFETIME)
        self.sessions[token] = session
        return session

    def find_session(self, token: str) -> Session | None:
        """Find a live session by its token."""
        session = self.sessions.get(token)
        return session if session and session.ends_at > self.clock.now() else None

    # Handoffs

    def open_handoff(self, kind: HandoffKind, session: Session | None) -> Handoff:
        """Mint a link: for a login (no session), or to confirm a call of a session."""
        handoff = Handoff(str(uuid.uuid4()), kind, self.clock.now() + HANDOFF_LIFETIME, session)
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

    def confirm_handoff(self, kind: HandoffKind, handoff_id: str, npm_user: str, *, remember: bool = False) -> Verdict:
        """Do what a press of the security key does on the site, as that npm user."""
        handoff = self.find_handoff(kind, handoff_id)
        if isinstance(handoff, Verdict):
            return handoff
        if npm_user not in self.accounts:
            return Verdict(accepted=False, sentence="There is no such npm user.")
        if handoff.session is None:
            handoff.token = self.open_session(npm_user).token
        elif handoff.session.npm_user != npm_user:
            sentence = f"This must be confirmed by {handoff.session.npm_user}; you are logged in as {npm_user}."
            return Verdict(accepted=False, sentence=sentence)
        else:
            handoff.token = secrets.token_hex(16)
            self.one_time_passwords[handoff.token] = handoff.session.token
            if remember:
                handoff.session.window_until = self.clock.now() + WINDOW
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

    def is_confirmed(self, session: Session, one_time_password: str) -> bool:
        """Tell whether a call may pass: its one-time password, which this uses up, or an open window."""
        if one_time_password and self.one_time_passwords.get(one_time_password) == session.token:
            del self.one_time_passwords[one_time_password]
            return True
        return session.window_until is not None and session.window_until > self.clock.now()

    # Packages

    def add_package(self, seed: SeedPackage) -> None:
        """Publish a package. What trusted publishing has published has its configuration."""
        for name in seed.maintainers:
            self.accounts.setdefault(name, Account(name, f"{name}@elsewhere.example"))
        package = self.packages[seed.name] = Package(seed)
        if seed.evidence in {"trusted", "downgraded"}:
            claims = {"repository": seed.repository, "workflow_ref": {"file": "release.yml"}}
            record = self.add_configuration(seed.name, "github", claims, ("createPackage",))
            record.id = configuration_id_of(seed)
            record.created_at -= timedelta(days=30)
            package.records = [record]

    def find_package(self, name: str, session: Session | None) -> Package | None:
        """Find a package that this session may see."""
        package = self.packages.get(name)
        if package is None or (package.seed.private and not can_write(session, package)):
            return None
        return package

    def add_configuration(
        self, package: str, type_: str, claims: Mapping[str, Any], permissions: Sequence[str]
    ) -> TrustRecord:
        """Make a configuration, as npm does for a create and as somebody else does behind our back."""
        record = TrustRecord(str(uuid.uuid4()), type_, claims, tuple(permissions), self.clock.now())
        self.packages[package].records.append(record)
        return record

    def remove_configuration(self, package: str, configuration_id: str) -> bool:
        """Revoke a configuration; no when none has that id."""
        for record in self.packages[package].standing(self.clock.now()):
            if record.id == configuration_id:
                record.revoked_at = self.clock.now()
                return True
        return False

    def list_configurations(self, package: str, *, lagging: bool = False) -> list[dict[str, Any]]:
        """List what stands, or what npm's lists show of it so far."""
        lag = timedelta(seconds=self.lag_seconds if lagging else 0)
        return [record.as_json() for record in self.packages[package].standing(self.clock.now() - lag)]


def can_write(session: Session | None, package: Package) -> bool:
    """Tell whether the session's account maintains the package."""
    return session is not None and session.npm_user in package.seed.maintainers


def configuration_id_of(seed: SeedPackage) -> str:
    """Name the configuration that a package was published through: the same in the packument and in the list."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"npm:{seed.name}"))
