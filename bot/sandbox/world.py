"""A whole world in one process, for scenarios: the registry, the local Slack and the bot, with a clock that stands.

Everything goes over sockets, as it does outside: signed requests in, Slack's and npm's HTTP out.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from bot import log
from bot.app import App
from bot.errors import StorageError
from bot.sandbox.cast import ADMINS, GENERAL, Character
from bot.sandbox.filling_in import FormFiller
from bot.sandbox.forge import SimulatedForge
from bot.sandbox.manual_clock import BEGINNING, FastClock, ManualClock
from bot.sandbox.news import News
from bot.sandbox.ports import HeldPort
from bot.sandbox.registry import CallRecord, SimulatedRegistry
from bot.sandbox.slack import LocalSlack
from bot.sandbox.slack_payloads import Press
from bot.sandbox.slack_state import SlackMessage
from bot.settings import Settings
from bot.workflow.progress import Progress
from bot.workflow.workers import WORKERS

__all__ = ["APP_TOKEN", "BEGINNING", "BOT_TOKEN", "SIGNING_SECRET", "Actor", "ManualClock", "World", "open_world"]

SIGNING_SECRET = "a-signing-secret-of-the-sandbox"  # noqa: S105 -- of the sandbox alone
BOT_TOKEN = "xoxb-sandbox-token"  # noqa: S105
APP_TOKEN = "xapp-sandbox-token"  # noqa: S105

AROUND: list[Callable[["World"], AbstractAsyncContextManager[None]]] = []
"""What is open around each world, from before its bot starts until before it ends: how tests look at all of them."""

_MOST_ROUNDS = 2000
_TICK = timedelta(seconds=1)
_A_MOMENT = 6.0
"""Seconds. When more time passes, those workers look too that did not say when."""
_LEASED = frozenset({"lane", "handoffs", "files", "scan"})
"""The workers that find out by their tick alone that another bot has died."""
_AT_ONCE = frozenset({"inbox"})
"""The workers of which several may be at work."""


class World:
    """The stand-ins, the bot and the people."""

    def __init__(self, folder: Path, *, registry: SimulatedRegistry, slack: LocalSlack, clock: ManualClock) -> None:
        self.clock = clock
        self.bot_clock, self.npm_clock = FastClock(clock), FastClock(clock)
        clock.on_advance = self._pass
        self.forge = SimulatedForge(clock)
        self.registry = registry
        self.slack = slack
        self.app: App | None = None
        self.second: App | None = None
        """Another bot on the same database, which has to be a server's."""
        self.asleep: set[App] = set()
        """Bots whose process stands still: they begin nothing."""
        self.folder = folder
        self.secret_key = Fernet.generate_key().decode()
        self.settings: dict[str, str] = {}
        """Beyond what the world itself sets; changes count at the next start of the bot."""
        self._ports = (HeldPort(), HeldPort())
        self._news = News()
        self._at_work: set[tuple[int, str]] = set()
        self._rung: set[tuple[int, str]] = set()
        self._due: dict[tuple[int, str], datetime] = {}
        """When a worker is to look again, as it said itself."""
        self._outside: object = None
        """What workers go by and what stands in no table, as it was when they last looked."""

    async def start_bot(self) -> None:
        """Start the bot as the settings say, without its own ticks."""
        self.app = await self._start(0)
        self.slack.events_url = self.events_urls()[0]

    async def start_second_bot(self) -> None:
        """Start another bot beside the first one; Slack goes on sending to the first, until `events_url` is changed."""
        self.second = await self._start(1)

    def events_urls(self) -> list[str]:
        """List where the bots take what Slack posts."""
        return [f"http://127.0.0.1:{app.port}/slack/events" for app in self._bots().values()]

    async def _start(self, number: int) -> App:
        values: dict[str, Any] = {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            **({"SLACK_APP_TOKEN": APP_TOKEN} if self.slack.socket_mode else {"SLACK_SIGNING_SECRET": SIGNING_SECRET}),
            "SLACK_API_URL": self.slack.api_url,
            "NPMTRUST_REGISTRY_URL": self.registry.url,
            "NPMTRUST_AUTH_HOSTS": self.registry.url.removeprefix("http://"),
            "NPMTRUST_DATABASE_URL": f"sqlite:///{self.folder / 'npmtrust.sqlite3'}",
            "NPMTRUST_SECRET_KEYS": self.secret_key,
            "NPMTRUST_ADMINS": ",".join(admin.slack_id for admin in ADMINS),
            **self.forge.settings,
            "NPMTRUST_HOST": "127.0.0.1",
            "NPMTRUST_PORT": str(self._ports[number].number),
        }
        app = App(Settings(_env_file=None, **(values | self.settings)), self.bot_clock, tick=False)
        try:
            await app.start()
        except BaseException:
            await app.stop()
            raise
        self._news.listen(app.services.database.engine)
        self._rung.clear()
        self._due.clear()
        app.services.bell.listen(lambda name: self._rung.add((number, name)))
        return app

    def _bots(self) -> dict[int, App]:
        """Number those that are at work."""
        return {
            number: app
            for number, app in enumerate((self.app, self.second))
            if app is not None and app not in self.asleep
        }

    async def stop_bot(self) -> None:
        """End the bot in good order, and the second one where there is one."""
        for app in (self.app, self.second):
            if app is not None:
                await app.stop()
        self.app = self.second = None
        self.asleep.clear()

    async def restart_bot(self) -> None:
        """End the bot and start it anew, on the same database."""
        await self.stop_bot()
        await self.start_bot()

    def trust_calls(self, method: str = "") -> list[CallRecord]:
        """List the calls to npm's trust endpoints, oldest first, challenged ones too."""
        return [call for call in self.registry.calls if "/trust" in call.path and method in ("", call.method)]

    async def settle(self, seconds: float = _A_MOMENT) -> None:
        """Let the workers do what is due, and what becomes due within so many seconds of the world's time."""
        until = self.clock.now() + timedelta(seconds=seconds)
        if seconds > _A_MOMENT:
            self._news.forget_looks()
        workers = [(number, name) for name in WORKERS for number in self._bots()]
        self._look_outside()
        due = self._due
        due |= {who: self.clock.now() for who in workers if who in self._rung or self._news.may_matter(who)}
        for _ in range(_MOST_ROUNDS):
            now = self.clock.now()
            for who in workers:
                if (who in due and due[who] <= now) or self._news.concern(who):
                    moment = await self._run_dry(who)
                    due.pop(who, None)
                    if self.second is not None and who[1] in _LEASED:
                        due[who] = now + _TICK
                    elif moment is not None and moment > now:
                        due[who] = moment
            due |= dict.fromkeys(self._rung.intersection(workers), now)
            self._rung.clear()
            later = [moment for who, moment in due.items() if moment <= until and who in workers]
            if any(map(self._news.concern, workers)):
                continue
            if not later:
                self.clock.set(until)
                return
            self.clock.set(min(later))
        restless = [name for _, name in filter(self._news.concern, workers)] or sorted(name for _, name in due)
        raise RuntimeError(f"the world does not come to rest: {', '.join(restless)}")

    def _look_outside(self) -> None:
        """Let every worker look anew where something changed that stands in no table, or may change at any time."""
        outside = (self.bot_clock.ahead, [app.services.policies.generation for app in self._bots().values()])
        if self._outside != outside or self.second is not None:
            self._outside = outside
            self._news.forget_looks()
            self._due.clear()

    async def advance(self, **span: float) -> None:
        """Let time pass, and everything that happens in it; `clock.advance` is the same."""
        await self._pass(timedelta(**span))

    async def _pass(self, span: timedelta) -> None:
        self.clock.set(self.clock.now() + span)
        self._news.forget_looks()
        await self.slack.events.retry_due()
        await self.settle()

    async def _run_dry(self, who: tuple[int, str]) -> datetime | None:
        progress = Progress(more=True)
        while progress.more:
            self._rung.discard(who)  # it is about to look
            with self._news.looking(who):
                progress = await self._run(who)
        self._news.heard_by(who)
        return progress.at - self.bot_clock.ahead if progress.at else None

    async def _run(self, who: tuple[int, str]) -> Progress:
        """Let a worker do one piece of work; it waits for nobody who does the same, as those of the scheduler."""
        number, name = who
        app = self._bots().get(number)
        if app is None or who in self._at_work:
            return Progress()
        if name not in _AT_ONCE:
            self._at_work.add(who)
        try:
            with log.scope():
                return await WORKERS[name](app.services)
        except StorageError:  # it rests, as the scheduler lets it
            return Progress(at=self.bot_clock.now() + _TICK)
        finally:
            self._at_work.discard(who)

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


class Actor(FormFiller):
    """What one person does and reads."""

    def __init__(self, world: World, character: Character) -> None:
        super().__init__(world, character.slack_id)
        self._world = world
        self.character = character

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

    async def approves(self, channel: str = GENERAL[0], *, about: str = "") -> str:
        """Press the newest [Approve]; of several steps, tick all in the view that opens. Tell the newest answer."""
        await self.clicks("Approve", channel, about=about)
        if self.reads_form():
            await self.submits(**self.every_box())
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

    async def opens_home(self) -> str:
        """Open App Home; tell what stands there."""
        await self._world.slack.open_home(self.id)
        await self._world.settle()
        return self.home()

    def home(self) -> str:
        """Tell what stands in App Home, without bold; empty before anything was published."""
        view = self._world.slack.home(self.id)
        return self._world.slack.text_of(view).replace("*", "") if view else ""

    async def clicks_home(self, label: str, *, about: str = "") -> str:
        """Press a button in App Home: the first with this label from the first block with this text on."""
        view = self._world.slack.home(self.id) or {"id": "", "blocks": []}
        is_there = not about
        for block in view["blocks"]:
            is_there = is_there or about in self._world.slack.text_of({"title": "", "blocks": [block]}).replace("*", "")
            for element in (*block.get("elements", ()), block.get("accessory") or {}) if is_there else ():
                if element.get("type") == "button" and element["text"]["text"].startswith(label):
                    place = {"view_id": view["id"], "block_id": block["block_id"]}
                    await self._world.slack.press(Press(self.id, element["action_id"], **place))
                    await self._world.settle()
                    return self.home()
        raise LookupError(f"no button {label!r} in {self.home()}")

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
    npm_clock = FastClock(clock)
    registry = SimulatedRegistry(npm_clock)
    slack = LocalSlack(clock, signing_secret=SIGNING_SECRET, bot_token=BOT_TOKEN, app_token=APP_TOKEN)
    slack.socket_mode = socket_mode
    world = World(folder, registry=registry, slack=slack, clock=clock)
    world.settings = settings
    world.npm_clock = npm_clock
    await registry.start()
    await slack.start()
    await world.forge.start()
    try:
        async with AsyncExitStack() as around:
            for look in AROUND:
                await around.enter_async_context(look(world))
            await world.start_bot()
            yield world
        if slack.unfurled:  # a previewer could use up a link, and would show what an outsider wrote
            raise RuntimeError(f"a message was sent without unfurling off: {slack.unfurled[0]!r}")
    finally:
        await world.stop_bot()
        await slack.stop()
        await registry.stop()
        await world.forge.stop()
