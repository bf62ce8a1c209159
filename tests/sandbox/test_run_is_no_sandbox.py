"""Nothing of the sandbox can be reached in `npmtrust run`: no module of it is loaded, and no address of it is there."""

import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from bot.sandbox.launcher import BOT_COMMAND
from bot.sandbox.slack_page_api import PageApi
from bot.sandbox.world import open_world

LOADED = "import sys, bot.cli, bot.hardening, bot.settings, bot.app, bot.log; print(*sorted(sys.modules))"


def test_run_loads_no_module_of_the_sandbox() -> None:
    """These are the imports of the command; the sandbox's clock is in one of the modules that are not among them."""
    loaded = subprocess.run((sys.executable, "-c", LOADED), capture_output=True, text=True, check=True).stdout.split()
    assert "bot.app" in loaded
    assert [name for name in loaded if name.startswith("bot.sandbox")] == []
    assert BOT_COMMAND[-1] == "bot.sandbox.bot_process"  # the sandbox has an entry point of its own


@pytest.mark.anyio
async def test_the_bot_has_none_of_the_pages_addresses(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world, aiohttp.ClientSession() as session:
        assert world.app is not None
        own = f"http://127.0.0.1:{world.app.port}"
        routes = PageApi(world.slack, {}).routes()
        assert len(routes) > 10
        for route in routes:
            path = route.path.format(name="main.js", id="F1")
            async with session.request(route.method, own + path, json={"deed": "1d"}) as answer:
                assert answer.status in {404, 405}, path
