"""`npmtrust init`: what it asks for, and in which order it believes whom.

A flag goes before the environment, the environment before the file that is there, and all of them before a question.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from bot.errors import StartupError

REGISTRY = "NPMTRUST_REGISTRY_URL"
APP_TOKEN, SIGNING_SECRET = "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"

Ask: TypeAlias = Callable[[str, bool], str]
"""Puts a question to a person; True: what is typed is not shown."""


@dataclass(frozen=True, slots=True)
class Item:
    """A setting that may be given or asked for."""

    variable: str
    flag: str
    question: str
    """Empty: it is never asked for."""
    is_secret: bool = False
    is_needed: bool = False


ITEMS = (
    Item(
        "SLACK_BOT_TOKEN",
        "--bot-token",
        "Bot token of the app (xoxb-…, from OAuth & Permissions)",
        is_secret=True,
        is_needed=True,
    ),
    Item(
        APP_TOKEN,
        "--app-token",
        "App-level token for Socket Mode (xapp-…, from Basic Information; empty for HTTP)",
        is_secret=True,
    ),
    Item(SIGNING_SECRET, "--signing-secret", "Signing secret for HTTP (from Basic Information)", is_secret=True),
    Item(REGISTRY, "--registry", "npm registry", is_needed=True),
    Item("NPMTRUST_AUTH_HOSTS", "--auth-hosts", ""),
    Item("NPMTRUST_DATABASE_URL", "--database", ""),
    Item("NPMTRUST_ADMINS", "--admins", "Slack ids of the admins, comma separated (profile, ⋮, Copy member ID)"),
    Item("NPMTRUST_CHANNEL", "--channel", "Id of the channel for all requests (empty: the channel of each command)"),
)


def collect(
    given: Mapping[str, str], known: Mapping[str, str], ask: Ask | None, find_registry: Callable[[], str]
) -> dict[str, str]:
    """Put the settings together.

    Args:
        given: Flags, by variable.
        known: What the environment and the old file have, by variable.
        ask: Asks for what is not given; None: nobody is there to ask.
        find_registry: Asks npm for its registry.

    Raises:
        StartupError: Something is missing, and nobody is there to ask.
    """
    modes = {APP_TOKEN, SIGNING_SECRET}
    stay = {name: value for name, value in known.items() if name not in modes or modes.isdisjoint(given)}
    values = {**stay, **given}
    if not values.get(REGISTRY):
        values[REGISTRY] = _try(find_registry)
    for item in ITEMS:
        in_other_mode = item.variable == SIGNING_SECRET and values.get(APP_TOKEN)
        decided = item.variable == APP_TOKEN and values.get(SIGNING_SECRET)
        if ask and item.question and item.variable not in given and not in_other_mode and not decided:
            values[item.variable] = _ask(ask, item, values.get(item.variable, ""))
    if values.get(APP_TOKEN) and SIGNING_SECRET not in given:
        values.pop(SIGNING_SECRET, None)
    missing = [item.flag for item in ITEMS if item.is_needed and not values.get(item.variable)]
    if not (values.get(APP_TOKEN) or values.get(SIGNING_SECRET)):
        missing.append("--app-token (Socket Mode) or --signing-secret (HTTP)")
    if missing:
        raise StartupError(f"nothing is written, since these are missing: {', '.join(missing)}")
    return {name: value for name, value in values.items() if value}


def find_asked(mistake: str) -> set[str]:
    """Find the variables that a mistake names, of those that are asked for."""
    return {item.variable for item in ITEMS if item.question and item.variable in mistake}


def collect_again(values: Mapping[str, str], mistake: str, ask: Ask) -> dict[str, str]:
    """Ask once more for what was wrong, and for nothing else."""
    wrong = find_asked(mistake)
    right = {item.variable: "" for item in ITEMS} | dict(values)
    given = {name: value for name, value in right.items() if name not in wrong}
    return collect(given, {}, ask, lambda: "")


def _ask(ask: Ask, item: Item, usual: str) -> str:
    shown = " [keep]" if usual and item.is_secret else f" [{usual}]" if usual else ""
    while True:
        answer = ask(f"{item.question}{shown}: ", item.is_secret).strip() or usual
        if answer or not item.is_needed:
            return answer


def _try(find_registry: Callable[[], str]) -> str:
    try:
        return find_registry()
    except StartupError:
        return ""  # it is asked for, or told as missing
