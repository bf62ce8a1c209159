"""What scenarios about a request begin with, and how they read where it stands."""

import re

from bot.sandbox.cast import OWNER, REQUESTER, SECOND_OWNER, STRANGER
from bot.sandbox.slack_state import SlackMessage
from bot.sandbox.world import Actor, World

LINE = "github @acme/ui --repo acme/ui --file release.yml --allow-publish"
TRUSTED = "@acme/ui now trusts acme/ui → release.yml"
REMINDER = "⏰"
"""How a message begins that reminds of a request, and shows it once more."""


def people(world: World) -> tuple[Actor, Actor, Actor, Actor]:
    """Rita asks; Otto and Olga own packages and are admins; Sam is a stranger."""
    return world.person(REQUESTER), world.person(OWNER), world.person(SECOND_OWNER), world.person(STRANGER)


async def ask(world: World, line: str = LINE) -> tuple[Actor, Actor, Actor, Actor]:
    """Otto has his account linked and is logged in, and Rita asks."""
    cast = people(world)
    await cast[1].links_account()
    await cast[0].says(line)
    return cast


async def link_olga(world: World) -> Actor:
    """Olga's addresses differ, so Otto confirms as an admin that it is her; of her login no session is kept."""
    _, otto, olga, _ = people(world)
    await olga.links_account()
    await otto.clicks("Confirm", "dm")
    return olga


def message_of(world: World, number: int = 1) -> SlackMessage:
    """Find the message of a request in the channel; there is one."""
    _, _, _, sam = people(world)
    shown = [(message, world.slack.text_of(message)) for message in sam.messages() if not message.ephemeral]
    reminders = (REMINDER, f"C-{number} waits for no decision any more")
    [found] = [message for message, text in shown if f"C-{number}\n" in f"{text}\n" and not text.startswith(reminders)]
    return found


def request_of(world: World, number: int = 1) -> str:
    """Tell how a request stands in the channel."""
    return world.slack.text_of(message_of(world, number))


def steady(world: World, text: str) -> str:
    """Replace what differs from run to run: the registry's port, npm's ids, and the head of the record."""
    host = world.registry.url.removeprefix("http://")
    known = text.replace("\u2060", "").replace(host, "www.npmjs.com")
    known = re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "eebc175d-…", known)
    return re.sub(r"\b\d+:[0-9a-f]{16}\b", "44:b92ce5caee640423", re.sub(r"\b[0-9a-f]{8}…", "eebc175d…", known))


def creates(world: World) -> int:
    """Count what npm accepted."""
    return len(world.registry.accepted_creates)
