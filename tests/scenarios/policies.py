"""Worlds with a policy, and how the file is changed while the bot runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.sandbox.world import World, open_world

TEAM = "S0SECURITY"
OWNERS = """
[[rule]]
packages = ["*"]
reviewers = ["maintainers"]
quorum = 1
repositories = ["*"]
"""


@asynccontextmanager
async def world_with_policy(folder: Path, text: str, *, admins: str | None = None) -> AsyncIterator[World]:
    """Make a world whose bot follows a policy."""
    file = folder / "policy.toml"
    file.write_text(text)
    settings = {"NPMTRUST_POLICY_FILE": str(file)} | ({} if admins is None else {"NPMTRUST_ADMINS": admins})
    async with open_world(folder, socket_mode=False, **settings) as world:
        yield world


async def change_policy(world: World, text: str) -> None:
    """Write another policy into the file, as an operator would, and let the bot see it."""
    file = Path(world.settings["NPMTRUST_POLICY_FILE"])
    fresh = file.with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(file)
    await world.settle()
