"""The tables of the README that are made from the code: `make readme` writes them, a test holds them equal."""

import ast
import inspect
import re
from collections.abc import Callable, Iterable
from enum import Enum
from pathlib import Path
from textwrap import dedent

from pydantic.fields import FieldInfo

from bot.domain.answer_events import ACTED, EVENT_OF_LIST, EVENT_OF_WRITE
from bot.domain.command_help import HELP
from bot.manifest import COMMAND, SCOPES
from bot.metrics import Metric
from bot.registry.answers import ANSWERS, FAILURES
from bot.settings import Settings

README = Path(__file__).parents[1] / "README.md"


class Table(Enum):
    """What stands between two marks."""

    SETTINGS = "settings"
    COMMANDS = "commands"
    SCOPES = "scopes"
    ANSWERS = "answers"
    METRICS = "metrics"

    @property
    def place(self) -> re.Pattern[str]:
        return re.compile(rf"(<!-- {self.value}, made by `make readme` -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def settings_table() -> str:
    told = _docstrings()
    return _table(
        ("variable", "meaning", "default"),
        (
            (f"`{field.validation_alias}`", *_meaning_and_default(field, told[name]))
            for name, field in Settings.model_fields.items()
        ),
    )


def commands_table() -> str:
    return _table(
        ("command", "what it does"), ((f"`{COMMAND} {help_.usage}`", help_.summary) for help_ in HELP.values())
    )


def scopes_table() -> str:
    return _table(("scope", "what for"), ((f"`{scope}`", what) for scope, what in SCOPES.items()))


def answers_table() -> str:
    header = ("npm answers", "to a list", "to a create", "to a revoke", "acted", "people are told", "event")
    answered = (
        (row.answer, *_consequences([*map(_meaning_of, (row.listed, row.created, row.revoked))], row.told))
        for row in ANSWERS
    )
    failed = ((row.answer, *_consequences([_meaning_of(row.means)] * 3, row.told)) for row in FAILURES)
    return _table(header, [*answered, *failed])


def metrics_table() -> str:
    rows = (
        (f"`{metric.title}`", " ".join(f"`{label}`" for label in metric.labels), metric.meaning) for metric in Metric
    )
    return _table(("metric", "labels", "what it tells"), rows)


def _meaning_of(column: Callable[..., object]) -> type:
    meaning = column if isinstance(column, type) else inspect.get_annotations(column)["return"]
    assert isinstance(meaning, type)
    return meaning


def _consequences(meanings: list[type], told: str) -> tuple[str, ...]:
    """Put into words what an answer means to a list, a create and a revoke, and what follows."""
    listed, *written = meanings
    acted = ", of a revoke ".join(dict.fromkeys(ACTED.get(each, "no") for each in written))
    events = dict.fromkeys(event for each in written for event in EVENT_OF_WRITE[each])
    names = (f"`{each.__name__}`" for each in meanings)
    return *names, acted, told, f"{_either(events)}; list: {_either(EVENT_OF_LIST[listed])}"


def _either(events: Iterable[type]) -> str:
    return " or ".join(f"`{event.__name__}`" for event in events)


def rendered(text: str) -> str:
    """Put the tables into a README."""
    tables = {
        Table.SETTINGS: settings_table(),
        Table.COMMANDS: commands_table(),
        Table.SCOPES: scopes_table(),
        Table.ANSWERS: answers_table(),
        Table.METRICS: metrics_table(),
    }
    for table, content in tables.items():
        places = table.place.findall(text)
        assert len(places) == 1, f"the README has {len(places)} places for the table of {table.value}"
        [(before, old, after)] = places
        text = text.replace(before + old + after, before + content + after)
    return text


def _docstrings() -> dict[str, str]:
    """Read what stands below each field."""
    [settings] = ast.parse(dedent(inspect.getsource(Settings))).body
    assert isinstance(settings, ast.ClassDef)
    pairs = zip(settings.body, settings.body[1:], strict=False)
    return {
        field.target.id: " ".join(told.value.value.split())
        for field, told in pairs
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(told, ast.Expr)
        and isinstance(told.value, ast.Constant)
        and isinstance(told.value.value, str)
    }


def _meaning_and_default(field: FieldInfo, told: str) -> tuple[str, str]:
    meaning, said, default = told.partition("Default: ")
    if said:
        return meaning.strip(), default.rstrip(".")
    if field.is_required():
        return told, "required"
    value = ", ".join(field.default) if isinstance(field.default, tuple) else field.default
    return told, f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [header, ("---",) * len(header), *(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    README.write_text(rendered(README.read_text()))
