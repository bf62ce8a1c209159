"""What a visitor of the page can make of the world, to see how the bot behaves when things go wrong."""

from datetime import timedelta

from bot.sandbox.registry import SimulatedRegistry
from bot.sandbox.registry_switches import Limit, Windows
from bot.sandbox.shifted_clock import ShiftedClock
from bot.sandbox.slack import LocalSlack
from bot.sandbox.slack_page_api import Deed, Switch
from bot.sandbox.slack_state import JsonObject

THROTTLED = Limit(calls=0, seconds=30)
"""Every trust call is one too many, and the next one is answered so as well."""
TRUSTED = "@acme/core"
"""A package that is published through a trusted publisher, until somebody does it by hand."""
SPANS = {
    Deed.FIVE_MINUTES: timedelta(minutes=5),
    Deed.HOUR: timedelta(hours=1),
    Deed.DAY: timedelta(days=1),
    Deed.TWO_DAYS: timedelta(days=2),
}
"""npm drops a new trusted publisher after two days in which nothing was published through it."""


class WorldMenu:
    """The switches and the deeds of the page's menu."""

    def __init__(self, registry: SimulatedRegistry, slack: LocalSlack, clock: ShiftedClock) -> None:
        self._registry = registry
        self._slack = slack
        self._clock = clock
        self._published = 0

    def state(self) -> JsonObject:
        """Show how the world is."""
        state, now = self._registry.state, self._clock.now()
        return {
            "now": now.timestamp(),
            "calls_ask": self._registry.switches.windows is Windows.NONE,
            "too_many": self._registry.switches.limit is not None,
            "windows": sum(window.until > now for window in state.windows),
            "sessions": sum(session.ends_at > now for session in state.sessions.values()),
        }

    async def throw(self, switch: Switch, is_on: bool) -> None:  # noqa: FBT001 - as the page's switches call it
        """Throw a switch of the world beyond Slack's own."""
        match switch:
            case "registry":
                await (self._registry.start() if is_on else self._registry.stop())
            case "calls_ask":
                self._registry.switches.windows = Windows.NONE if is_on else Windows.ALL
            case "too_many":
                self._registry.switches.limit = THROTTLED if is_on else None
            case "slack_api":
                pass  # the local Slack has done it already

    async def do(self, deed: Deed) -> None:
        """Do something to the world, once."""
        state, now = self._registry.state, self._clock.now()
        match deed:
            case Deed.CLOSE_WINDOWS:
                state.windows.clear()
            case Deed.END_SESSIONS:
                for session in state.sessions.values():
                    session.ends_at = min(session.ends_at, now)
            case Deed.PUBLISH_BY_HAND:
                self._published += 1
                self._registry.publish(TRUSTED, f"9.{self._published}.0")
            case Deed.FIVE_MINUTES | Deed.HOUR | Deed.DAY | Deed.TWO_DAYS:
                self._clock.advance(SPANS[deed])
                await self._slack.events.retry_due()
