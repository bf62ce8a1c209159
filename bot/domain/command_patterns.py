"""The commands that select packages by patterns: `coverage`, `watch`, `unwatch`, `digest`."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from bot.domain.command_arguments import Arguments, read_arguments
from bot.domain.command_tokens import Word
from bot.domain.commands import MONDAY_MORNING, Command, Coverage, ListWatches, ShowDigest, Unwatch, Watch
from bot.domain.flags import Flag
from bot.domain.mistakes import Mistake
from bot.domain.patterns import Selection

_FIELDS = 5
_CRON = re.compile(rf"[\w*,/#?-]{{1,60}}(?: [\w*,/#?-]{{1,60}}){{{_FIELDS - 1}}}", re.ASCII)
_ZONE = re.compile(r"[\w+-]{1,40}(?:/[\w+-]{1,40}){0,2}", re.ASCII)
_MENTION = re.compile(r"<#(?P<id>[A-Z0-9]+)(?:\|[^<>]*)?>")
_IDENTIFIER = re.compile(r"[CDG][A-Z0-9]{1,30}")
_CHANNEL = re.compile(rf"{_IDENTIFIER.pattern}|#[^\s#<>@|,:]{{1,80}}")

Found: TypeAlias = tuple[Command, list[Mistake]]
"""The command as it could be right, and what is wrong with the one that was written."""


def _check_cron(cron: str) -> Mistake | None:
    if _CRON.fullmatch(cron):
        return None
    return Mistake(
        what="A schedule has five fields.",
        expected=f'minute, hour, day, month and day of the week, such as "{MONDAY_MORNING}"',
        got=cron,
        field="cron",
    )


def _check_zone(zone: str) -> Mistake | None:
    if _ZONE.fullmatch(zone):
        return None
    return Mistake(what="This is no time zone.", expected="a time zone such as Europe/Paris", got=zone, field="tz")


def _clean_channel(text: str) -> str:
    text = text.strip()
    if mention := _MENTION.fullmatch(text):
        return mention["id"]
    # ids have no small letters, names have no capitals
    return text if not text or _IDENTIFIER.fullmatch(text) else f"#{text.removeprefix('#').lower()}"


def _check_channel(channel: str) -> Mistake | None:
    if _CHANNEL.fullmatch(channel):
        return None
    return Mistake(what="This is no channel.", expected="a channel such as #releases", got=channel, field="channel")


CRON = Flag(
    name="cron",
    placeholder="CRON",
    help=f'when, as minute, hour, day, month and day of the week; left out: "{MONDAY_MORNING}", on Mondays at 9:00',
    words=_FIELDS,
    clean=lambda text: " ".join(text.split()),
    check=_check_cron,
)
ZONE = Flag(
    name="tz",
    placeholder="ZONE",
    help="the time zone of the schedule; left out: yours",
    aliases=("timezone",),
    check=_check_zone,
)
CHANNEL = Flag(
    name="channel",
    placeholder="CHANNEL",
    help="where the digest goes; left out: here",
    clean=_clean_channel,
    check=_check_channel,
)
WATCH_FLAGS = (CRON, ZONE, CHANNEL)


def _read_coverage(words: list[Word]) -> Found:
    arguments = read_arguments(words, (), {"refresh": ()})
    refresh = arguments.switches.get("refresh", False)
    return Coverage(selection=_settle_any(arguments), refresh=refresh), arguments.mistakes


def _read_watch(words: list[Word]) -> Found:
    if not words:
        return ListWatches(), []
    arguments = read_arguments(words, WATCH_FLAGS, {})
    selection, values = arguments.settle_patterns(), arguments.settle(WATCH_FLAGS)
    command = Watch(
        selection=selection,
        cron="".join(values.get(CRON.name, (MONDAY_MORNING,))),
        timezone="".join(values.get(ZONE.name, ())),
        channel="".join(values.get(CHANNEL.name, ())),
    )
    return command, arguments.mistakes


def _read_unwatch(words: list[Word]) -> Found:
    arguments = read_arguments(words, (), {})
    return Unwatch(selection=arguments.settle_patterns()), arguments.mistakes


def _read_digest(words: list[Word]) -> Found:
    arguments = read_arguments(words, (), {})
    return ShowDigest(selection=_settle_any(arguments)), arguments.mistakes


def _settle_any(arguments: Arguments) -> Selection | None:
    return arguments.settle_patterns() if arguments.positionals else None


PATTERN_READERS: Mapping[str, Callable[[list[Word]], Found]] = MappingProxyType(
    {"coverage": _read_coverage, "watch": _read_watch, "unwatch": _read_unwatch, "digest": _read_digest}
)
