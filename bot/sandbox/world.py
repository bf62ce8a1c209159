"""A whole world in one process, for scenarios: the registry, the local Slack and the bot, with a clock that stands.

Everything goes over sockets, as it does outside: signed requests in, Slack's and npm's HTTP out.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from bot import log
from bot.app import App
from bot.clock import Clock
from bot.sandbox.cast import ADMINS, GENERAL, Character
from bot.sandbox.news import News
from bot.sandbox.ports import HeldPort
from bot.sandbox.registry import CallRecord, SimulatedRegistry
from bot.sandbox.slack import LocalSlack
from bot.sandbox.slack_state import SlackMessage
from bot.settings import Settings
from bot.workflow.progress import Progress
from bot.workflow.workers import WORKERS

SIGNING_SECRET = "a-signing-secret-of-the-sandbox"  # noqa: S105 -- of the sandbox alone
BOT_TOKEN = "xoxb-sandbox-token"  # noqa: S105
APP_TOKEN = "xapp-sandbox-token"  # noqa: S105
BEGINNING = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)

_MOST_ROUNDS = 2000
_AT_ONCE = frozenset({"inbox"})
"""The workers of which several may be at work."""


class ManualClock(Clock):
    """A clock that moves when it is told to."""

    def __init__(self, now: datetime = BEGINNING) -> None:
        self._now = now

    def now(self) -> datetime:
        """Tell the time that was set."""
        return self._now

    def monotonic(self) -> float:
        """Tell the seconds since the beginning."""
        return (self._now - BEGINNING).total_seconds()

    def set(self, moment: datetime) -> None:
        """Move to a later moment."""
        self._now = max(self._now, moment)


class World:
    """The stand-ins, the bot and the people."""

    def __init__(self, folder: Path, *, registry: SimulatedRegistry, slack: LocalSlack, clock: ManualClock) -> None:
        self.clock = clock
        self.registry = registry
        self.slack = slack
        self.app: App | None = None
        self.folder = folder
        self.secret_key = Fernet.generate_key().decode()
        self.settings: dict[str, str] = {}
        """Beyond what the world itself sets; changes count at the next start of the bot."""
        self._port = HeldPort()
        self._news = News()
        self._at_work: set[str] = set()
        self._rung: set[str] = set()

    async def start_bot(self) -> None:
        """Start the bot as the settings say, without its own ticks."""
        values: dict[str, Any] = {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            **({"SLACK_APP_TOKEN": APP_TOKEN} if self.slack.socket_mode else {"SLACK_SIGNING_SECRET": SIGNING_SECRET}),
            "SLACK_API_URL": self.slack.api_url,
            "NPMTRUST_REGISTRY_URL": self.registry.url,
            "NPMTRUST_AUTH_HOSTS": self.registry.url.removeprefix("http://"),
            "NPMTRUST_DATABASE_URL": f"sqlite:///{self.folder / 'npmtrust.sqlite3'}",
            "NPMTRUST_SECRET_KEYS": self.secret_key,
            "NPMTRUST_ADMINS": ",".join(admin.slack_id for admin in ADMINS),
            "NPMTRUST_HOST": "127.0.0.1",
            "NPMTRUST_PORT": str(self._port.number),
        }
        self.app = App(Settings(_env_file=None, **(values | self.settings)), self.clock, tick=False)
        await self.app.start()
        self._news.listen(self.app.services.database.engine)
        self._rung.clear()
        self.app.services.bell.listen(self._rung.add)
        self.slack.events_url = f"http://127.0.0.1:{self.app.port}/slack/events"

    async def stop_bot(self) -> None:
        """End the bot in good order."""
        if self.app is not None:
            await self.app.stop()
            self.app = None

    async def restart_bot(self) -> None:
        """End the bot and start it anew, on the same database."""
        await self.stop_bot()
        await self.start_bot()

    def trust_calls(self, method: str = "") -> list[CallRecord]:
        """List the calls to npm's trust endpoints, oldest first, challenged ones too."""
        return [call for call in self.registry.calls if "/trust" in call.path and method in ("", call.method)]

    async def settle(self, seconds: float = 6) -> None:
        """Let the workers do what is due, and what becomes due within so many seconds of the world's time."""
        until = self.clock.now() + timedelta(seconds=seconds)
        due: dict[str, datetime] = dict.fromkeys(WORKERS, self.clock.now())
        for _ in range(_MOST_ROUNDS):
            now = self.clock.now()
            for name in WORKERS:
                if (name in due and due[name] <= now) or self._news.concern(name):
                    moment = await self._run_dry(name)
                    due.pop(name, None)
                    if moment is not None and moment > now:
                        due[name] = moment
            due |= dict.fromkeys(self._rung, now)
            self._rung.clear()
            later = [moment for moment in due.values() if moment <= until]
            if any(map(self._news.concern, WORKERS)):
                continue
            if not later:
                self.clock.set(until)
                return
            self.clock.set(min(later))
        raise RuntimeError("the world does not come to rest")

    async def advance(self, **span: float) -> None:
        """Let time pass, and everything that happens in it."""
        self.clock.set(self.clock.now() + timedelta(**span))
        await self.settle()

    async def _run_dry(self, name: str) -> datetime | None:
        progress = Progress(more=True)
        while progress.more and self.app is not None:
            progress = await self._run(name)
        self._news.heard_by(name)
        return progress.at

    async def _run(self, name: str) -> Progress:
        """Let a worker do one piece of work; it waits for nobody who does the same, as those of the scheduler."""
        if self.app is None or name in self._at_work:
            return Progress()
        if name not in _AT_ONCE:
            self._at_work.add(name)
        try:
            with log.scope():
                return await WORKERS[name](self.app.services)
        finally:
            self._at_work.discard(name)

    @asynccontextmanager
    async def call_under_way(self, act: Coroutine[Any, Any, object], method: str = "POST") -> AsyncIterator[None]:
        """Have npm act on a call that somebody's act leads to, but answer it only at the end."""
        self.registry.hold_answer_of_next(method)
        acting = asyncio.create_task(act)
        try:
            await self.registry.wait_until_held()
            await self.settle()
            yield
        finally:
            self.registry.release()
            await acting
            await self.settle()

    def person(self, character: Character) -> "Actor":
        """Let somebody act."""
        return Actor(self, character)


class Actor:
    """What one person does and reads."""

    def __init__(self, world: World, character: Character) -> None:
        self._world = world
        self.character = character
        self.id = character.slack_id

    async def says(self, text: str, channel: str = GENERAL[0]) -> str:
        """Type `/npmtrust TEXT`; tell the newest answer that this person reads in the channel."""
        place = self._world.slack.dm(self.id) if channel == "dm" else channel
        await self._world.slack.command(self.id, place, text)
        await self._world.settle()
        return self.reads(channel)

    def messages(self, channel: str = GENERAL[0]) -> list[SlackMessage]:
        """List what this person sees in a channel; "dm" is the DM with the bot."""
        place = self._world.slack.dm(self.id) if channel == "dm" else channel
        return self._world.slack.messages(place, self.id)

    def reads(self, channel: str = GENERAL[0], *, back: int = 0) -> str:
        """Tell the text of the newest message, or of one so many back; empty when there is none."""
        seen = self.messages(channel)
        return self._world.slack.text_of(seen[-1 - back]) if len(seen) > back else ""

    def reads_all(self, channel: str = GENERAL[0]) -> str:
        """Tell everything that stands in a channel."""
        return "\n\n".join(map(self._world.slack.text_of, self.messages(channel)))

    async def clicks(self, label: str, channel: str = GENERAL[0], *, about: str = "") -> str:
        """Press the newest button with this label, in a message that has this text; tell the newest answer."""
        place = self._world.slack.dm(self.id) if channel == "dm" else channel
        message, element = self._find_button(label, channel, about)
        await self._world.slack.click(self.id, place, message.ts, element["action_id"])
        await self._world.settle()
        return self.reads(channel)

    def sees_button(self, label: str, channel: str = GENERAL[0]) -> bool:
        """Tell whether a button with this label stands in the channel."""
        try:
            self._find_button(label, channel)
        except LookupError:
            return False
        return True

    async def forges(self, label: str, value: str, channel: str = GENERAL[0], *, action: str = "") -> str:
        """Press a button, or another one by its action, with a value of the own choice; tell the newest answer."""
        place = self._world.slack.dm(self.id) if channel == "dm" else channel
        message, element = self._find_button(label, channel)
        await self._world.slack.click(self.id, place, message.ts, action or element["action_id"], value=value)
        await self._world.settle()
        return self.reads(channel)

    def value_of(self, label: str, channel: str = GENERAL[0]) -> str:
        """Tell the value that the newest button with this label carries."""
        return str(self._find_button(label, channel)[1]["value"])

    def dialog_of(self, label: str, channel: str = GENERAL[0]) -> str:
        """Tell what Slack asks before a press of the newest button with this label counts; empty: it asks nothing."""
        parts: dict[str, dict[str, str]] = self._find_button(label, channel)[1].get("confirm", {})
        return "\n".join(parts[name]["text"] for name in ("title", "text", "confirm", "deny") if name in parts)

    def form(self) -> dict[str, Any]:
        """Tell what stands in the fields of the form that is open, by block_id."""
        view = self._world.slack.view(self.id)
        if view is None:
            raise LookupError("no form is open")
        elements = {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}
        return {
            name: element.get("initial_value", "")
            if "options" not in element
            else [option["value"] for option in element.get("initial_options", ())]
            for name, element in elements.items()
        }

    def reads_form(self) -> str:
        """Tell what stands in the form that is open; empty when none is."""
        view = self._world.slack.view(self.id)
        return self._world.slack.text_of(view) if view else ""

    async def submits(self, **fields: str | list[str]) -> Mapping[str, str]:
        """Write into the form that is open (a hyphen in a name is written as an underscore), and send it.

        Returns:
            The mistakes that the form shows, by block_id; empty when it closed.
        """
        view = self._world.slack.view(self.id)
        if view is None:
            raise LookupError("no form is open")
        typed = {name.replace("_", "-"): {"value": value} for name, value in fields.items()}
        submitted = await self._world.slack.submit(self.id, view["id"], typed)
        await self._world.settle()
        return submitted.errors or ({} if submitted.ok else {"": submitted.error})

    def links(self) -> list[str]:
        """List npm's links that stand in the DM, oldest first."""
        return [
            str(element["url"])
            for message in self.messages("dm")
            for block in message.blocks
            for element in block.get("elements", ())
            if element.get("action_id", "").startswith("open_npm")
        ]

    def link(self) -> str:
        """Tell npm's link in the newest DM that has one."""
        if not (links := self.links()):
            raise LookupError("no link of npm's in the DM")
        return links[-1]

    async def logs_in(self, npm_user: str = "") -> str:
        """Open npm's login link and log in there; tell the newest DM."""
        self._world.registry.log_in(self.link(), npm_user or self.character.npm_user)
        await self._world.settle()
        return self.reads("dm")

    async def confirms(self, *, remember: bool = False) -> str:
        """Open npm's link and confirm there with the security key; tell the newest DM."""
        self._world.registry.confirm(self.link(), self.character.npm_user, remember=remember)
        await self._world.settle()
        return self.reads("dm")

    async def links_account(self, channel: str = GENERAL[0]) -> None:
        """Type `login` and do what the DM says."""
        await self.says("login", channel)
        await self.logs_in()

    def _find_button(self, label: str, channel: str, about: str = "") -> tuple[SlackMessage, dict[str, Any]]:
        for message in reversed(self.messages(channel)):
            for block in message.blocks if about in self._world.slack.text_of(message) else ():
                for element in block.get("elements", ()):
                    if element.get("type") == "button" and element["text"]["text"].startswith(label):
                        return message, element
        raise LookupError(f"no button {label!r} in {self.reads_all(channel)}")


@asynccontextmanager
async def open_world(folder: Path, *, socket_mode: bool = False, **settings: str) -> AsyncIterator[World]:
    """Make a world with a running bot, to which Slack speaks over HTTP or by Socket Mode, and end it."""
    clock = ManualClock()
    registry = SimulatedRegistry(clock)
    slack = LocalSlack(clock, signing_secret=SIGNING_SECRET, bot_token=BOT_TOKEN, app_token=APP_TOKEN)
    slack.socket_mode = socket_mode
    world = World(folder, registry=registry, slack=slack, clock=clock)
    world.settings = settings
    await registry.start()
    await slack.start()
    try:
        await world.start_bot()
        yield world
    finally:
        await world.stop_bot()
        await slack.stop()
        await registry.stop()
