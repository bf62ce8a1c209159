"""What a use case works with, made once by `bot.app`."""

import asyncio
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from pydantic import SecretStr

from bot.clock import Clock, ClockWatch
from bot.forge import Forge
from bot.gathering import Gathering
from bot.notifications import Notifier
from bot.policies import Policies
from bot.registry import RegistryClient
from bot.slack_facts import ChannelAccess
from storage.database import Database
from storage.inbox import Letter
from storage.vault import Vault

MOST_LETTERS = 64
"""How many deliveries are stored in one transaction."""
KEPT_SECONDS = 60.0
"""How long a one-time password waits for its call."""

REMEMBERED_SECONDS = 10.0
"""How long Slack is taken at its word about a channel."""

Purpose: TypeAlias = tuple[int | None, int | None]
"""What a one-time password is for: the row id of a step, or of a read."""


@dataclass(frozen=True, slots=True)
class Options:
    """The settings that the workflow looks at."""

    registry_url: str
    auth_hosts: frozenset[str]
    website: str
    """Base of npm's website, for links to a package's page."""
    admins: frozenset[str]
    """Slack ids."""
    channel: str = ""
    """Where change sets go; empty: the channel of the command."""
    pace: timedelta = timedelta(seconds=2)
    lane: Literal["registry", "account"] = "registry"
    """Whose calls share one pace: all, or those of one npm account."""
    lag: timedelta = timedelta(seconds=120)
    handoff_life: timedelta = timedelta(minutes=5)
    """How long a link is waited for. npm does not say how long it lives."""
    sessions: Literal["after_batch", "at_expiry"] = "after_batch"
    """Whether a session is ended when nothing waits for it any more, or by npm's time."""


class Bell:
    """Tells the scheduler that a worker has something to do now, so that nobody waits for the next tick."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[str], None]] = []

    def listen(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with the name of the worker."""
        self._listeners.append(listener)

    def ring(self, *names: str) -> None:
        """Wake workers; without a scheduler nothing happens."""
        for name in names:
            for listener in self._listeners:
                listener(name)


class Pocket:
    """One-time passwords, in memory only: each is for one request of one person, and is forgotten when it is taken."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._passwords: dict[str, _Kept] = {}

    def put(self, slack_user: str, password: SecretStr, purpose: Purpose) -> None:
        """Keep a password for the next call of its person, for a minute."""
        self._passwords[slack_user] = _Kept(password, purpose, self._clock.monotonic() + KEPT_SECONDS)

    def take(self, slack_user: str) -> SecretStr | None:
        """Hand it out, once."""
        kept = self._find(slack_user)
        self._passwords.pop(slack_user, None)
        return kept.password if kept else None

    def purpose_of(self, slack_user: str) -> Purpose | None:
        """Tell what this person confirmed, where a password of theirs waits for its call."""
        kept = self._find(slack_user)
        return kept.purpose if kept else None

    def _find(self, slack_user: str) -> "_Kept | None":
        kept = self._passwords.get(slack_user)
        return kept if kept and self._clock.monotonic() < kept.until else None


@dataclass(frozen=True, slots=True)
class _Kept:
    """A one-time password that waits for its call."""

    password: SecretStr
    purpose: Purpose
    until: float
    """By the monotonic clock."""


class Channels:
    """What Slack said a moment ago of a channel: it may be asked 50 times a minute, and a release day asks more often.

    A channel where the bot cannot post is asked for each time: somebody is about to put that right. That it was private
    a moment ago is enough: whoever opens a channel to all opens the requests that stand there, too.
    """

    def __init__(self, clock: Clock, notifier: Notifier) -> None:
        self._clock, self._notifier = clock, notifier
        self._kept: dict[str, tuple[float, ChannelAccess]] = {}
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def check(self, channel: str) -> ChannelAccess:
        """Find out whether the bot can post in a channel, and whether outsiders can read it.

        Raises:
            SlackError: Slack cannot be asked now.
        """
        async with self._asking[channel]:  # who asks at the same time is told the same
            asked_at, access = self._kept.get(channel, (0.0, None))
            now = self._clock.monotonic()
            if access is None or not access.postable or now - asked_at >= REMEMBERED_SECONDS:
                access = await self._notifier.check_channel(channel)
                self._kept[channel] = (now, access)
            return access


@dataclass(slots=True)
class Services:
    """Everything outside of the process, and the few things that live as long as it does."""

    clock: Clock
    database: Database
    vault: Vault
    registry: RegistryClient
    notifier: Notifier
    options: Options
    policies: Policies = field(default_factory=Policies)
    forge: Forge | None = None
    """Where workflow files are read; None: preflight is off."""
    bell: Bell = field(default_factory=Bell)
    intake: Gathering[Letter, int | None] = field(default_factory=lambda: Gathering(MOST_LETTERS))
    """Where what Slack delivers is stored, together with what comes at the same time."""
    owners_wanted: set[int] = field(default_factory=set)
    """Steps whose call waits until npm was asked who owns their package: row ids."""
    pocket: Pocket = field(init=False)
    channels: Channels = field(init=False)
    clock_watch: ClockWatch = field(init=False)
    process: str = field(default_factory=lambda: uuid.uuid4().hex)
    """Who holds a lease."""
    started_at: datetime = field(init=False)
    """Since when this process is at work: what was missed before it has to be made up for."""

    @property
    def admins(self) -> frozenset[str]:
        """Slack ids of the admins whom the settings or the policy name."""
        return self.options.admins | self.policies.current.admins

    def __post_init__(self) -> None:
        self.pocket = Pocket(self.clock)
        self.channels = Channels(self.clock, self.notifier)
        self.clock_watch = ClockWatch(self.clock)
        self.started_at = self.clock.now()
