"""Flags that take a value: what one is made of, and the loop that cleans, checks and mends what was given."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from bot.domain.mistakes import Mistake
from bot.domain.templates import check_template, fill_template

Fields: TypeAlias = Mapping[str, tuple[str, ...]]
"""What was given for each flag, by its canonical name."""


_EXAMPLE = "ui"


def _accept(_value: str) -> None:
    """Find nothing wrong."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag of the command line; of a provider's flags, the field of the form as well."""

    name: str
    """Canonical, without dashes: `repo`."""
    placeholder: str
    """Stands for the value in usage and in corrected lines: `OWNER/REPO`. It is never taken for a value."""
    help: str
    """What it is for, as the rest of a line: `the workflow's file name in .github/workflows`."""
    label: str = ""
    """Of the form's field."""
    hint: str = ""
    """An example under the form's field."""
    aliases: tuple[str, ...] = ()
    missing: str = ""
    """npm's words when a required one is missing; empty when it may be left out."""
    repeatable: bool = False
    takes_templates: bool = False
    """`{name}` and `{unscoped}` may stand in its value."""
    words: int = 1
    """As many words may be its value without quotes around them."""
    clean: Callable[[str], str] = str.strip
    """Brings the accepted ways of writing a value into one."""
    check: Callable[[str], Mistake | None] = _accept
    """Looks at one cleaned value."""

    @property
    def required(self) -> bool:
        """Nothing stands in for it when it is missing."""
        return bool(self.missing)

    @property
    def usage(self) -> str:
        """As it is written: `--repo OWNER/REPO`."""
        return f"--{self.name} {self.placeholder}"


def clean_fields(flags: Iterable[Flag], fields: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """Bring all values into their one way of writing, each once; leave out the empty ones."""
    cleaned = {
        flag.name: tuple(dict.fromkeys(value for raw in fields.get(flag.name, ()) if (value := flag.clean(raw))))
        for flag in flags
    }
    return {name: values for name, values in cleaned.items() if values}


def check_fields(flags: Iterable[Flag], cleaned: Fields) -> list[Mistake]:
    """List all that is wrong with cleaned values, in the order of the flags."""
    return [mistake for flag in flags for mistake in _check_flag(flag, cleaned.get(flag.name, ()))]


def mend_fields(flags: Iterable[Flag], cleaned: Fields, lacking: Container[str]) -> dict[str, tuple[str, ...]]:
    """Put suggestions and placeholders in the place of what is wrong; of several values for one flag the last stays.

    `lacking` names the flags that were written without a value; a required one that was not written lacks it as well.
    """
    mended = {
        flag.name: _mend_flag(flag, cleaned.get(flag.name, ()), lacking=flag.required or flag.name in lacking)
        for flag in flags
    }
    return {name: values for name, values in mended.items() if values}


def _check_flag(flag: Flag, values: tuple[str, ...]) -> Iterator[Mistake]:
    if not values and flag.required:
        yield Mistake(what=flag.missing, expected=flag.usage, got="", field=flag.name)
    if len(values) > 1 and not flag.repeatable:
        yield Mistake(
            what=f"--{flag.name} was given more than once.",
            expected=f"{flag.usage}, once",
            got=" and ".join(values),
            field=flag.name,
        )
    yield from (mistake for value in values if (mistake := _check_value(flag, value)))


def _check_value(flag: Flag, value: str) -> Mistake | None:
    if value == flag.placeholder:
        return Mistake(
            what=f"{value} stands for a value: put yours in its place.", expected=flag.usage, got=value, field=flag.name
        )
    return _check_template(flag, value) if flag.takes_templates and "{" in value else flag.check(value)


def _check_template(flag: Flag, value: str) -> Mistake | None:
    """Look at the value that it would be for a package without a scope; each package's own is looked at later."""
    if mistake := check_template(value, flag.name):
        return mistake
    mistake = flag.check(fill_template(value, _EXAMPLE))
    return mistake.model_copy(update={"got": value, "suggestion": ""}) if mistake else None


def _mend_flag(flag: Flag, values: tuple[str, ...], *, lacking: bool) -> tuple[str, ...]:
    mended = [_mend_value(flag, value) for value in values]
    if lacking and not mended:
        return (flag.placeholder,)
    return tuple(dict.fromkeys(mended if flag.repeatable else mended[-1:]))


def _mend_value(flag: Flag, value: str) -> str:
    mistake = _check_value(flag, value)
    return (mistake.suggestion or flag.placeholder) if mistake else value
