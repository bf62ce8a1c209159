"""What the scenarios of a replacement share."""

from bot.sandbox.cast import GENERAL, OWNER, REQUESTER
from bot.sandbox.world import Actor, World

OLD = {"repository": "acme/old", "workflow_ref": {"file": "release.yml"}}
SHIP = {"repository": "acme/old", "workflow_ref": {"file": "ship.yml"}}
WITH_NEW = "with github --repo acme/new --file release.yml --allow-publish"
NARROWER = "with github --repo acme/old --file release.yml --env npm --allow-publish"
"""It overlaps with the old one: the token of a job in npm matches both."""


async def cast(world: World, *more: Actor) -> tuple[Actor, Actor]:
    """Rita asks, Otto has his account linked, and so have others."""
    otto = world.person(OWNER)
    for actor in (otto, *more):
        world.registry.state.accounts[actor.character.npm_user].email = actor.character.email
        await actor.links_account(GENERAL[0])
    return world.person(REQUESTER), otto


async def look_and_approve(otto: Actor) -> None:
    """See what stands, and approve; the first call to npm then waits for a confirmation."""
    await otto.clicks("Look")
    await otto.confirms()
    await otto.clicks("Approve")


def standing(world: World, package: str = "@acme/ui") -> list[tuple[str, str]]:
    """Tell what truly stands: repository and environment."""
    claims = [each["claims"] for each in world.registry.configurations(package)]
    return [(each.get("repository", ""), each.get("environment", "")) for each in claims]


def calls(world: World) -> list[str]:
    """List the calls that npm did not challenge."""
    return [call.method for call in world.trust_calls() if call.status != 401]
