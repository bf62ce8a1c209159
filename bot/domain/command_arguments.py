"""What stands after a command: packages, flags with a value, switches."""

import re
import sys
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import NamedTuple, TypeAlias

from bot.domain.command_tokens import Word, WrittenFlag, read_flag
from bot.domain.flags import Flag, check_fields, clean_fields, mend_fields
from bot.domain.mistakes import Mistake
from bot.domain.packages import PackageName, parse_package
from bot.domain.patterns import (
    EVERYTHING,
    EXPECTED,
    MOST_PATTERNS,
    PackagePattern,
    Selection,
    check_patterns,
    parse_pattern,
    select,
)
from bot.domain.repositories import without_host

PACKAGE = "PACKAGE"
"""The placeholder of a package. It is never taken for a name."""
MOST_PACKAGES = 20
"""As many plain names are staged at once; of more, and of patterns, there is a preview first."""
PATTERN = "PATTERN"
"""The placeholder of a pattern. It is never taken for a name."""
MOST_MISTAKES = 10
"""As many are told at once."""
MOST_REASON_LETTERS = 500

_ID = re.compile(r"\S{1,200}")
_DOTS = re.compile(r"\.+")
_REPOSITORY = re.compile(r"[^\s/]+(?:/[^\s/]+)+")
_MOST_REPOSITORY_LETTERS = 255


def check_reason(reason: str) -> Mistake | None:
    """Say that a reason is longer than a message shows, and how much of it fits."""
    if len(reason) <= MOST_REASON_LETTERS:
        return None
    return Mistake(
        what="The reason is too long.",
        expected=f"at most {MOST_REASON_LETTERS} characters",
        got=f"{len(reason)} characters",
        suggestion=reason[:MOST_REASON_LETTERS].rstrip(),
        field="reason",
    )


def _check_id(identifier: str) -> Mistake | None:
    if _ID.fullmatch(identifier) and not _DOTS.fullmatch(identifier):
        return None
    # in an address they mean another place: what goes to npm would not be about the configurations of the package
    is_dots = _DOTS.fullmatch(identifier) is not None
    return Mistake(
        what="Dots alone are no id of a configuration." if is_dots else "This is no id of a configuration.",
        expected="an id as list shows it, such as eebc175d-4720-4fc8-a31a-6491ca36fb47",
        got=identifier,
        field="id",
    )


def _check_from_repository(repository: str) -> Mistake | None:
    if _REPOSITORY.fullmatch(repository) and len(repository) <= _MOST_REPOSITORY_LETTERS:
        return None
    return Mistake(
        what="This is no repository.", expected="a repository such as acme/ui", got=repository, field="from-repo"
    )


REASON = Flag(
    name="reason",
    placeholder="TEXT",
    help="why, for those who decide",
    words=sys.maxsize,
    clean=lambda text: " ".join(text.split()),
    check=check_reason,
)
REGISTRY = Flag(name="registry", placeholder="URL", help="only the registry that is configured")
IDENTIFIER = Flag(name="id", placeholder="ID", help="the id of the configuration, as list shows it", check=_check_id)
FROM_REPOSITORY = Flag(
    name="from-repo",
    placeholder="OWNER/REPO",
    help="the repository or project that is trusted now",
    aliases=("from-repository",),
    clean=without_host,
    check=_check_from_repository,
)

Switches: TypeAlias = Mapping[str, tuple[str, ...]]
"""Flags without a value, with their aliases."""
SWITCHES: Switches = {"dry-run": (), "json": (), "yes": ("y",)}
PUBLISHER_SWITCHES: Switches = {"allow-publish": (), "allow-stage-publish": ("allow-staged-publish",), **SWITCHES}
SET_UP_SWITCHES: Switches = {**PUBLISHER_SWITCHES, "hold": ()}
LIST_SWITCHES: Switches = {"json": ()}
_SETTINGS = {"": True, "true": True, "false": False}
"""What npm lets people write after a switch and `=`."""


@dataclass(slots=True)
class Arguments:
    """What was read, right or wrong."""

    positionals: list[str] = field(default_factory=list)
    values: dict[str, list[str]] = field(default_factory=dict)
    """As written, by canonical name."""
    switches: dict[str, bool] = field(default_factory=dict)
    lacking: set[str] = field(default_factory=set)
    """Flags that were written without a value."""
    mistakes: list[Mistake] = field(default_factory=list)

    def settle(self, flags: Iterable[Flag]) -> dict[str, tuple[str, ...]]:
        """Check the values, add what is wrong to the mistakes, and give the values as they could be right."""
        flags = tuple(flags)
        cleaned = clean_fields(flags, self.values)
        self.mistakes += [
            mistake for mistake in check_fields(flags, cleaned) if mistake.got or mistake.field not in self.lacking
        ]
        return mend_fields(flags, cleaned, self.lacking)

    def settle_packages(self, *, required: bool = True) -> "Packages":
        """Check names and patterns, add what is wrong to the mistakes, and give them as they could be right."""
        if any(map(_is_pattern, self.positionals)):
            selection = self.settle_patterns(names_count=False)
            return Packages(selection.names, selection)
        return Packages(self.settle_names(required=required))

    def settle_names(self, *, required: bool = True) -> tuple[PackageName, ...]:
        """As `settle_packages`, where no pattern can stand."""
        names: dict[PackageName, None] = {}
        for text in self.positionals or ([""] if required else []):
            found = _read_package(text)
            if isinstance(found, Mistake):
                self.mistakes.append(found)
                found = PackageName(found.suggestion or PACKAGE)
            names[found] = None
        return tuple(names)

    def settle_patterns(self, *, names_count: bool = True) -> Selection:
        """Check the patterns, add what is wrong to the mistakes, and give the patterns as they could be right."""
        found = {text: _read_pattern(text) for text in self.positionals}
        wrong = [one for one in found.values() if isinstance(one, Mistake)]
        patterns = [_mend_pattern(text, one) if isinstance(one, Mistake) else one for text, one in found.items()]
        if mistake := check_patterns(patterns, names_count=names_count):
            wrong.append(mistake)
            if all(pattern.negated for pattern in patterns):
                patterns.append(PackagePattern(text=PATTERN))
        self.mistakes += wrong
        if names_count:
            return Selection(patterns=select(patterns).patterns[:MOST_PATTERNS])
        names = [one for one in patterns if one.is_name]
        return select([*names, *select(set(patterns).difference(names)).patterns[:MOST_PATTERNS]])


class Packages(NamedTuple):
    """What stands for packages in a line."""

    names: tuple[PackageName, ...]
    selection: Selection | None = None
    """Set when there is a pattern: all that was written, the names as well."""


def read_arguments(words: Iterable[Word], flags: Iterable[Flag], switches: Switches) -> Arguments:
    """Read the words after a command; unknown flags become mistakes."""
    arguments, rest = Arguments(), deque(words)
    by_name: dict[str, Flag | str] = {name: flag for flag in flags for name in (flag.name, *flag.aliases)}
    by_name |= {name: switch for switch, aliases in switches.items() for name in (switch, *aliases)}
    while rest:
        word = rest.popleft()
        written = read_flag(word)
        if written is None:
            arguments.positionals += [name for name in word.text.split(",") if name]
            continue
        match _find(arguments, by_name, written):
            case Flag() as flag:
                _read_value(arguments, flag, None if written.value is None else Word(written.value, word.quoted), rest)
            case str(switch):
                _read_switch(arguments, switch, _with_setting(written, rest))
            case _:
                _skip_value(arguments, written, rest)
    return arguments


def _read_package(text: str) -> PackageName | Mistake:
    if text != PACKAGE:
        return parse_package(text)
    return Mistake(
        what=f"{PACKAGE} stands for a name: put yours in its place.",
        expected="a package name such as @acme/ui",
        got=text,
        field="package",
    )


def _is_pattern(text: str) -> bool:
    return text.startswith("!") or EVERYTHING in text or text == PATTERN


def _read_pattern(text: str) -> PackagePattern | Mistake:
    placeholder = text.removeprefix("!")
    if placeholder not in {PATTERN, PACKAGE}:
        return parse_pattern(text)
    what = f"{placeholder} stands for a {placeholder.lower()}: put yours in its place."
    return Mistake(what=what, expected=EXPECTED, got=text, field="pattern")


def _mend_pattern(text: str, mistake: Mistake) -> PackagePattern:
    near = (mistake.suggestion or PATTERN).removeprefix("!")
    return PackagePattern(text=near, negated=(mistake.suggestion or text).startswith("!"))


def _find(arguments: Arguments, by_name: Mapping[str, Flag | str], written: WrittenFlag) -> Flag | str | None:
    negated = by_name.get(written.name.removeprefix("no-"))
    found = negated if isinstance(negated, str) else by_name.get(written.name)
    if found:
        return found
    near = get_close_matches(written.name.lower(), by_name, 1) if len(arguments.mistakes) < MOST_MISTAKES else []
    arguments.mistakes.append(
        Mistake(
            what="There is no such flag here.",
            expected="one of " + ", ".join(dict.fromkeys(_dashed(_canonical(found)) for found in by_name.values())),
            got=_dashed(written.name),
            suggestion="".join(map(_dashed, near)),
        )
    )
    return by_name[near[0]] if near else None


def _canonical(found: Flag | str) -> str:
    return found.name if isinstance(found, Flag) else found


def _dashed(name: str) -> str:
    return f"--{name}" if len(name) > 1 else f"-{name}"


def _read_value(arguments: Arguments, flag: Flag, after_equals: Word | None, rest: deque[Word]) -> None:
    first = after_equals or _next_value(rest) or Word("")
    parts = [first.text]
    while len(parts) < flag.words and not first.quoted and (word := _next_value(rest)):
        parts.append(word.text)
    value = " ".join(parts)
    if value.strip():
        arguments.values.setdefault(flag.name, []).append(value)
        return
    arguments.lacking.add(flag.name)
    arguments.mistakes.append(
        Mistake(what=f"--{flag.name} needs a value.", expected=flag.usage, got="", field=flag.name)
    )


def _next_value(rest: deque[Word]) -> Word | None:
    return rest.popleft() if rest and read_flag(rest[0]) is None else None


def _with_setting(switch: WrittenFlag, rest: deque[Word]) -> WrittenFlag:
    """Take a `true` or `false` that follows, as npm does: it would pass for a package otherwise."""
    follows = switch.value is None and rest and rest[0].text in {"true", "false"}
    return switch._replace(value=rest.popleft().text) if follows else switch


def _read_switch(arguments: Arguments, switch: str, written: WrittenFlag) -> None:
    on = _SETTINGS.get(written.value or "")
    if on is None:
        arguments.mistakes.append(
            Mistake(
                what=f"--{switch} takes no value.",
                expected=f"--{switch}",
                got=f"--{switch}={written.value}",
                field=switch,
            )
        )
        return
    on = on != written.name.startswith("no-")
    if arguments.switches.setdefault(switch, on) is not on:
        arguments.mistakes.append(
            Mistake(what=f"--{switch} was given, and its opposite.", expected="one of them", got="both", field=switch)
        )


def _skip_value(arguments: Arguments, written: WrittenFlag, rest: deque[Word]) -> None:
    """What follows an unknown flag is its value rather than one more package, once there is a package."""
    if written.value is None and arguments.positionals:
        _next_value(rest)
