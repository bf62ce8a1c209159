"""What a visitor of the page can make of the world: each switch and each deed, against the registry itself."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.sandbox.registry import SimulatedRegistry
from bot.sandbox.registry_switches import Windows
from bot.sandbox.shifted_clock import ShiftedClock
from bot.sandbox.slack import LocalSlack
from bot.sandbox.slack_page_api import Deed
from bot.sandbox.world_menu import TRUSTED, WorldMenu

pytestmark = pytest.mark.anyio


class Place:
    """A registry and a local Slack with the sandbox's clock, and the menu of their world."""

    def __init__(self, folder: Path) -> None:
        self.clock = ShiftedClock(folder / "clock")
        self.other_process = ShiftedClock(folder / "clock")
        self.registry = SimulatedRegistry(self.clock)
        slack = LocalSlack(self.clock, signing_secret="s", bot_token="xoxb-t")
        self.menu = WorldMenu(self.registry, slack, self.clock)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    place = Place(tmp_path)
    yield place
    await place.registry.stop()


async def test_time_passes_in_every_process_and_never_goes_back(place: Place) -> None:
    before, since = place.other_process.now(), place.other_process.monotonic()
    for deed in (Deed.FIVE_MINUTES, Deed.HOUR, Deed.DAY, Deed.TWO_DAYS):
        await place.menu.do(deed)
    passed = timedelta(days=3, hours=1, minutes=5)
    assert passed <= place.other_process.now() - before < passed + timedelta(minutes=1)
    assert place.other_process.monotonic() - since >= passed.total_seconds()
    place.clock.advance(timedelta(days=-1))
    assert place.other_process.now() - before >= passed


async def test_windows_are_closed_and_sessions_end(place: Place) -> None:
    token = place.registry.open_session("otto-npm")
    place.registry.open_window(token)
    assert (place.menu.state()["windows"], place.menu.state()["sessions"]) == (1, 1)
    await place.menu.do(Deed.CLOSE_WINDOWS)
    await place.menu.do(Deed.END_SESSIONS)
    assert (place.menu.state()["windows"], place.menu.state()["sessions"]) == (0, 0)
    assert place.registry.state.find_session(token) is None


async def test_each_switch_is_thrown_and_shown(place: Place) -> None:
    await place.menu.throw("calls_ask", is_on=True)
    await place.menu.throw("too_many", is_on=True)
    assert place.registry.switches.windows is Windows.NONE
    assert place.registry.switches.limit is not None
    assert (place.menu.state()["calls_ask"], place.menu.state()["too_many"]) == (True, True)
    await place.menu.throw("calls_ask", is_on=False)
    await place.menu.throw("too_many", is_on=False)
    assert (place.menu.state()["calls_ask"], place.menu.state()["too_many"]) == (False, False)
    await place.menu.throw("registry", is_on=True)
    await place.menu.throw("slack_api", is_on=False)  # which the local Slack does itself
    assert place.registry.is_up
    await place.menu.throw("registry", is_on=False)
    assert not place.registry.is_up


async def test_a_release_by_hand_is_the_newest_without_a_trusted_publisher(place: Place) -> None:
    for _ in range(2):
        await place.menu.do(Deed.PUBLISH_BY_HAND)
    releases = place.registry.state.packages[TRUSTED].releases
    assert [release.version for release in releases][-2:] == ["9.1.0", "9.2.0"]
