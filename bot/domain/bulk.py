"""Many packages at once: what a file or pasted text asks for, row by row, and what is wrong with it.

`bot.domain.bulk_files` reads, `bot.domain.bulk_check` finds out what is asked for each package.
"""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from bot.domain.batch import Wanted
from bot.domain.mistakes import Mistake
from bot.domain.packages import PackageName
from bot.domain.patterns import Selection
from bot.domain.publishers import Permission, Provider
from bot.domain.values import Frozen

MOST_ROWS = 5000
"""As many rows, and as many packages, are taken at once."""
MOST_BYTES = 1_000_000
"""Of a file."""
MOST_CELL_LETTERS = 500
"""npm's names have at most 214; what is longer is refused unread."""
MOST_GOT_LETTERS = 200
"""As much of what came is shown and stored."""

COLUMNS = ("package", "provider", "repository", "file", "environment", "permissions")


class Unit(StrEnum):
    """How the source is counted, from 1."""

    ROW = "row"
    """As a spreadsheet counts: the header is the first one, a row of several lines is one."""
    LINE = "line"
    ITEM = "item"
    """Of a JSON list."""


class Fault(Frozen):
    """Something that is wrong, and where."""

    row: int
    """0: it is about the whole."""
    column: str = ""
    """As the header of a table names it, or the flag of a line; empty where it is about the whole row."""
    mistake: Mistake


class Wish(Frozen):
    """What a row asks for, before the defaults of the form stand in for what it leaves open."""

    row: int
    verb: Literal["create", "revoke", "replace"] = "create"
    package: PackageName | None = None
    selection: Selection | None = None
    """In the place of a package: all that a pattern means."""
    provider: Provider | None = None
    fields: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """By the name of the provider's flag; they may hold templates."""
    permissions: tuple[Permission, ...] = ()
    configuration_id: str = ""
    from_repository: str = ""
    registry: str = ""
    """What `--registry` said."""
    is_whole: bool = False
    """It was a command: what it leaves open is npm's own default, and no default of the form."""


class Sheet(Frozen):
    """What was read: a table, a list, or lines."""

    unit: Unit = Unit.LINE
    wishes: tuple[Wish, ...] = ()
    faults: tuple[Fault, ...] = ()
    remarks: tuple[str, ...] = ()
    """Sentences on what was passed over; plain text that may come from outside."""
    reason: str = ""
    """That of the first command that states one."""
    hold: bool = False
    """A command says so."""


class Defaults(Frozen):
    """What the form says for all rows."""

    provider: Provider = Provider.GITHUB
    fields: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """By the name of that provider's flag: they stand in for what its rows leave open. They may hold templates."""
    permissions: tuple[Permission, ...] = ()
    """Empty: not stated."""
    reason: str = ""
    hold: bool = False


class Checked(Frozen):
    """What is asked for each package, and what is in the way."""

    unit: Unit = Unit.LINE
    wanted: tuple[Wanted, ...] = ()
    """Of what has no fault, each once."""
    faults: tuple[Fault, ...] = ()
    """By row."""
    merged: int = 0
    """How many said the same as an earlier one."""
    remarks: tuple[str, ...] = ()


def whole_fault(what: str, expected: str, got: str = "") -> Fault:
    """Say that something is wrong with the whole."""
    return Fault(row=0, mistake=Mistake(what=what, expected=expected, got=shorten(got)))


def shorten(text: str) -> str:
    """Keep the beginning of what came: it is shown, and no more is stored."""
    return text if len(text) <= MOST_GOT_LETTERS else text[: MOST_GOT_LETTERS - 1] + "…"


def secret_fault(row: int, column: str = "") -> Fault:
    """Say that something held a secret, without it."""
    mistake = Mistake(
        what="This holds a one-time password or a token. It was not kept.",
        expected="no codes and no tokens: npm itself asks on its own page; make a new token if this one was real",
        got="a secret",
    )
    return Fault(row=row, column=column, mistake=mistake)


def too_many_fault(count: str) -> Fault:
    """Say that there are more rows or packages than are taken at once."""
    return whole_fault("These are too many at once.", f"at most {MOST_ROWS:,}: hand them in in parts", count)
