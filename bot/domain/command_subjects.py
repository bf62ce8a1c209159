"""The commands about one thing: `check`, `policy`, `audit`, and `freeze`, which is about all."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from bot.domain.command_arguments import PACKAGE, REASON, Arguments, check_reason, read_arguments
from bot.domain.command_tokens import Word
from bot.domain.commands import CheckPackage, Command, Freeze, ShowAudit, ShowPolicy
from bot.domain.flags import Flag
from bot.domain.mistakes import Mistake
from bot.domain.packages import PackageName
from bot.domain.record import parse_moment

NUMBER = re.compile(r"#?(?:c-?)?0{0,9}([1-9][0-9]{0,8})", re.IGNORECASE)
"""The number of a change set, as people write it: `C-42`, `c42`, `#42`, `42`."""

_PERSON = re.compile(r"<@(?P<id>[UW][A-Z0-9]{1,30})(?:\|[^<>]*)?>")


def _check_moment(moment: str) -> Mistake | None:
    if parse_moment(moment):
        return None
    return Mistake(what="This is no moment.", expected="a day such as 2026-11-23, in UTC", got=moment)


SINCE = Flag(name="since", placeholder="DAY", help="the first day of the record to show", check=_check_moment)
UNTIL = Flag(name="until", placeholder="DAY", help="the last day of the record to show", check=_check_moment)

Found: TypeAlias = tuple[Command, list[Mistake]]
"""The command as it could be right, and what is wrong with the one that was written."""


def _read_check(words: list[Word]) -> Found:
    arguments = read_arguments(words, (), {})
    return CheckPackage(package=_one_package(arguments)), arguments.mistakes


def _read_policy(words: list[Word]) -> Found:
    arguments = read_arguments(words, (), {})
    return ShowPolicy(package=_one_package(arguments)), arguments.mistakes


def _read_audit(words: list[Word]) -> Found:
    flags = (SINCE, UNTIL)
    arguments = read_arguments(words, flags, {"csv": ()})
    values = arguments.settle(flags)
    about = _subject(arguments) if arguments.positionals else ""
    command = ShowAudit(
        about=about,
        as_csv=arguments.switches.get("csv", False),
        since="".join(values.get(SINCE.name, ())),
        until="".join(values.get(UNTIL.name, ())),
    )
    return command, arguments.mistakes


def _read_freeze(words: list[Word]) -> Found:
    """The reason may be written with its flag or without: whoever stops everything is in a hurry."""
    arguments = read_arguments(words, [REASON], {})
    values = arguments.settle([REASON])
    stated = values.get(REASON.name, ())
    if stated and arguments.positionals:
        got = " ".join(arguments.positionals)
        what = "This command takes one reason and nothing more."
        arguments.mistakes.append(Mistake(what=what, expected="freeze [REASON]", got=got))
    if stated:
        return Freeze(reason="".join(stated)), arguments.mistakes
    reason = " ".join(arguments.positionals)
    if mistake := check_reason(reason):
        arguments.mistakes.append(mistake)
        reason = mistake.suggestion
    return Freeze(reason=reason), arguments.mistakes


def _subject(arguments: Arguments) -> str:
    """Tell what the record is asked of. What looks like a request's number is one."""
    alone = arguments.positionals[0] if len(arguments.positionals) == 1 else ""
    if number := NUMBER.fullmatch(alone):
        return f"C-{int(number[1])}"
    if person := _PERSON.fullmatch(alone):
        return f"<@{person['id']}>"
    return _one_package(arguments)


def _one_package(arguments: Arguments) -> PackageName:
    """Check the one name, and add what is wrong to the mistakes."""
    names = arguments.settle_names()
    if len(names) > 1:
        what = "This command is about one package."
        mistake = Mistake(what=what, expected="one name", got=" ".join(names), suggestion=names[0], field="package")
        arguments.mistakes.append(mistake)
    return next((name for name in names if name != PACKAGE), names[0])


SUBJECT_READERS: Mapping[str, Callable[[list[Word]], Found]] = MappingProxyType(
    {"check": _read_check, "policy": _read_policy, "audit": _read_audit, "freeze": _read_freeze}
)
