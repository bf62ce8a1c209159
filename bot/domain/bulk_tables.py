"""Tables: CSV as spreadsheets and people write it, and JSON with the same columns.

    csv  = [ mark ] [ "sep=" separator ] header { row }     separator: comma, semicolon or tab, whichever the header has
    json = "[" { object | name } "]"                        an object has the columns as its names

The columns come in any order; only `package` has to be there. Text is text: what a spreadsheet would take for a formula
is an ordinary, most likely wrong, value. An apostrophe that keeps it from being one (OWASP's CSV injection, and our own
CSV files) is taken off.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from io import StringIO
from typing import Any

from bot.domain.bulk import (
    COLUMNS,
    MOST_CELL_LETTERS,
    MOST_ROWS,
    Fault,
    Sheet,
    Unit,
    Wish,
    secret_fault,
    shorten,
    too_many_fault,
    whole_fault,
)
from bot.domain.command_secrets import strip_secrets
from bot.domain.mistakes import Mistake
from bot.domain.packages import PackageName, parse_package
from bot.domain.patterns import EVERYTHING, Selection, parse_selection
from bot.domain.publishers import PROVIDERS, Permission, Provider

PACKAGE, PROVIDER, REPOSITORY, PERMISSIONS = COLUMNS[0], COLUMNS[1], COLUMNS[2], COLUMNS[5]

_SEPARATORS = (",", ";", "\t")
_SEPARATOR_LINE = re.compile(r"sep=([,;\t])", re.IGNORECASE)
_ALIASES = {"name": PACKAGE, "packages": PACKAGE, "repo": REPOSITORY, "project": REPOSITORY, "env": "environment",
            "workflow": "file", "permission": PERMISSIONS}  # fmt: skip
_FLAGS = tuple(
    dict.fromkeys(
        flag.name for spec in PROVIDERS.values() for flag in spec.flags if flag.name not in {"repo", "project"}
    )
)
_KNOWN = tuple(dict.fromkeys((*COLUMNS, *_FLAGS)))
"""The columns with a meaning: the six, and what else CircleCI needs."""
_REPEATABLE = frozenset(flag.name for spec in PROVIDERS.values() for flag in spec.flags if flag.repeatable)
_SEPARATED = re.compile(r"[\s,;|+]+")
_UNSEEN = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_PROVIDERS = {spec.title.casefold(): provider for provider, spec in PROVIDERS.items()} | {
    **{provider.value: provider for provider in Provider},
    "gh": Provider.GITHUB,
}
_PERMISSIONS = {
    "publish": Permission.PUBLISH,
    "stage": Permission.STAGE,
    "allow-publish": Permission.PUBLISH,
    "allow-stage-publish": Permission.STAGE,
    **{permission.value.casefold(): permission for permission in Permission},
}
_HEADER_HINT = ", ".join(COLUMNS)


class _Tangled(ValueError):
    """A JSON object names something twice."""


def looks_like_header(line: str) -> bool:
    """Tell whether a line names columns: one of them is `package`."""
    cells = [_column_of(cell) for cell in line.split(_separator_of(line))]
    return PACKAGE in cells and (len(cells) == 1 or sum(cell in _KNOWN for cell in cells) > 1)


def read_csv(text: str) -> Sheet:
    """Read CSV. All that is wrong is told, with its row and column."""
    rows = _split_rows(text)
    number, header = next(((number, cells) for number, cells in rows if isinstance(cells, str) or any(cells)), (0, []))
    if isinstance(header, str):
        return Sheet(unit=Unit.ROW, faults=(_broken(number, header),))
    columns = [_column_of(cell) for cell in header]
    if faults := _check_header(number, header, columns):
        return Sheet(unit=Unit.ROW, faults=tuple(faults))
    wishes: list[Wish] = []
    faults, taken = [], 0
    for row, cells in rows:
        if isinstance(cells, str):
            faults.append(_broken(row, cells))
        if isinstance(cells, str) or not any(map(str.strip, cells)):
            continue
        taken += 1
        if taken > MOST_ROWS:
            return Sheet(unit=Unit.ROW, faults=(too_many_fault(f"more than {MOST_ROWS:,} rows"),))
        _read_record(row, columns, cells, wishes, faults)
    passed_over = [shorten(cell.strip()) for cell, column in zip(header, columns, strict=True) if column not in _KNOWN]
    return _sheet(Unit.ROW, wishes, faults, [cell for cell in passed_over if cell])


def read_json(text: str) -> Sheet:
    """Read a JSON list. All that is wrong is told, with its item and name."""
    try:
        found = json.loads(text, object_pairs_hook=_read_object)
    except _Tangled as err:
        fault = whole_fault("An object names something twice.", "each name once in an object", str(err))
        return Sheet(unit=Unit.ITEM, faults=(fault,))
    except (ValueError, RecursionError) as err:
        fault = whole_fault("This is no JSON.", "a list of objects, or CSV with a header", str(err))
        return Sheet(unit=Unit.ITEM, faults=(fault,))
    if not isinstance(found, list):
        fault = whole_fault("This JSON is no list.", "a list of objects: [{…}, {…}]", type(found).__name__)
        return Sheet(unit=Unit.ITEM, faults=(fault,))
    if len(found) > MOST_ROWS:
        return Sheet(unit=Unit.ITEM, faults=(too_many_fault(f"{len(found):,} items"),))
    wishes: list[Wish] = []
    faults: list[Fault] = []
    unknown: dict[str, None] = {}
    for row, item in enumerate(found, 1):
        _read_item(row, {PACKAGE: item} if isinstance(item, str) else item, wishes, faults, unknown)
    return _sheet(Unit.ITEM, wishes, faults, unknown)


def _sheet(unit: Unit, wishes: list[Wish], faults: list[Fault], unknown: Sequence[str] | Mapping[str, None]) -> Sheet:
    names = ", ".join(list(unknown)[:10])
    remarks = (f"Not read, since I know no such column: {names}.",) if names else ()
    return Sheet(unit=unit, wishes=tuple(wishes), faults=tuple(faults), remarks=remarks)


# CSV


def _split_rows(text: str) -> Iterator[tuple[int, list[str] | str]]:
    """Number the rows as a spreadsheet does; a text in the place of cells says why nothing further can be read."""
    first, _, rest = text.partition("\n")
    stated = _SEPARATOR_LINE.fullmatch(first.strip())
    body, before = (rest, 1) if stated else (text, 0)
    head = next((line for line in body.splitlines() if line.strip()), "")
    reader = csv.reader(StringIO(body, newline=""), delimiter=stated[1] if stated else _separator_of(head), strict=True)
    row = before
    while True:
        row += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as err:
            yield row, str(err)
            return
        yield row, cells


def _separator_of(line: str) -> str:
    """Find what separates the cells of a header: names of columns hold none of these."""
    return max(_SEPARATORS, key=line.count)


def _column_of(cell: str) -> str:
    name = re.sub(r"[\s_]+", "-", _clean(cell).lower())
    return _ALIASES.get(name, name)


def _check_header(row: int, header: Sequence[str], columns: Sequence[str]) -> list[Fault]:
    """A column that is nearly ours is a slip of the pen: what it holds must not be passed over."""
    if PACKAGE not in columns:
        what = "The first row has to name the columns, and one of them is package."
        return [_fault(row, "", Mistake(what=what, expected=_HEADER_HINT, got=shorten(", ".join(header))))]
    faults = []
    for at, (cell, column) in enumerate(zip(header, columns, strict=True)):
        shown = shorten(_clean(cell))
        if strip_secrets(cell)[1]:
            faults.append(secret_fault(row))
        elif column in _KNOWN and column in columns[:at]:
            what = "Two columns say the same."
            faults.append(_fault(row, column, Mistake(what=what, expected=f"one column {column}", got=shown)))
        elif column not in _KNOWN and (near := get_close_matches(column, _KNOWN, 1, 0.75)):
            what = "There is no such column."
            mistake = Mistake(what=what, expected=f"one of {_HEADER_HINT}", got=shown, suggestion=near[0])
            faults.append(_fault(row, shown, mistake))
    return list(dict.fromkeys(faults))


def _broken(row: int, why: str) -> Fault:
    what = "This row cannot be read, nor what follows it: a quote is not closed, or stands within a cell."
    return _fault(row, "", Mistake(what=what, expected='quotes around a whole cell, and "" for one inside', got=why))


def _read_record(
    row: int, columns: Sequence[str], cells: Sequence[str], wishes: list[Wish], faults: list[Fault]
) -> None:
    if any(cell.strip() for cell in cells[len(columns) :]):
        what = "This row has more cells than the header has columns."
        expected = f"{len(columns)} cells; quotes around one that holds the separator"
        faults.append(_fault(row, "", Mistake(what=what, expected=expected, got=f"{len(cells)} cells")))
        return
    raw = {column: cell for column, cell in zip(columns, cells, strict=False) if column in _KNOWN}
    _read_cells(row, raw, wishes, faults)


# JSON


def _read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise _Tangled(shorten(next(name for name in names if names.count(name) > 1)))
    return found


def _read_item(row: int, item: object, wishes: list[Wish], faults: list[Fault], unknown: dict[str, None]) -> None:
    if not isinstance(item, dict):
        expected = f"an object with {_HEADER_HINT}"
        faults.append(_fault(row, "", Mistake(what="This is no object.", expected=expected, got=type(item).__name__)))
        return
    columns = [_column_of(name) for name in item]
    if PACKAGE not in columns:
        meant = PACKAGE if get_close_matches(PACKAGE, columns, 1, 0.75) else ""
        what, got = "This object names no package.", ", ".join(item)
        mistake = Mistake(what=what, expected=_HEADER_HINT, got=got, suggestion=meant)
        faults.append(_fault(row, "", mistake))
        return
    if wrong := _check_header(row, list(item), columns):
        faults += wrong
        return
    unknown.update(
        (shorten(_clean(name)), None) for name, column in zip(item, columns, strict=True) if column not in _KNOWN
    )
    raw: dict[str, str] = {}
    for column, value in zip(columns, item.values(), strict=True):
        text = _text_of(value)
        if column in _KNOWN and text is None:
            expected = "text, a list of texts, or null"
            faults.append(
                _fault(row, column, Mistake(what="This is no text.", expected=expected, got=type(value).__name__))
            )
            return
        if column in _KNOWN:
            raw[column] = text or ""
    _read_cells(row, raw, wishes, faults)


def _text_of(value: object) -> str | None:
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return " ".join(value)
    return value if isinstance(value, str) else None


# Both


def _read_cells(row: int, raw: Mapping[str, str], wishes: list[Wish], faults: list[Fault]) -> None:
    """Turn the cells of a row into what it asks for, or into what is wrong with it."""
    wrong: list[Fault] = []
    for column, cell in raw.items():
        if len(cell) > MOST_CELL_LETTERS:
            expected = f"at most {MOST_CELL_LETTERS} characters"
            mistake = Mistake(what="This is too long.", expected=expected, got=f"{len(cell)} characters")
            wrong.append(_fault(row, column, mistake))
        elif strip_secrets(cell)[1]:
            wrong.append(secret_fault(row, column))
    if wrong:
        faults += wrong
        return
    cells = {column: text for column, cell in raw.items() if (text := _clean(cell))}
    package = _read_package(cells.get(PACKAGE, ""))
    provider, permissions = _read_provider(cells.get(PROVIDER, "")), _read_permissions(cells.get(PERMISSIONS, ""))
    mistakes = [found for found in (package, provider, permissions) if isinstance(found, Mistake)]
    faults += [_fault(row, mistake.field, mistake) for mistake in mistakes]
    if isinstance(package, Mistake) or isinstance(provider, Mistake) or isinstance(permissions, Mistake):
        return
    meant = {"selection": package} if isinstance(package, Selection) else {"package": package}
    fields = _fields_of(cells)
    wishes.append(Wish(row=row, **meant, provider=provider, fields=fields, permissions=permissions))


def _clean(cell: str) -> str:
    """Take off what cannot be seen around a cell, and the apostrophe that keeps it from being a formula."""
    text = _UNSEEN.sub("", cell).strip()
    return text[1:].strip() if text[:1] == "'" and text[1:2] in _FORMULA else text


def _read_package(text: str) -> PackageName | Selection | Mistake:
    if EVERYTHING not in text:
        return parse_package(text)
    found = parse_selection([text])
    return found[0].model_copy(update={"field": PACKAGE}) if isinstance(found, list) else found


def _read_provider(text: str) -> Provider | Mistake | None:
    name = text.casefold()
    if not name or name in _PROVIDERS:
        return _PROVIDERS.get(name)
    near = get_close_matches(name, list(Provider), 1)
    return Mistake(
        what="There is no such provider.",
        expected="github, gitlab or circleci",
        got=shorten(text),
        suggestion="".join(near),
        field=PROVIDER,
    )


def _read_permissions(text: str) -> tuple[Permission, ...] | Mistake:
    words = [word for word in _SEPARATED.split(text.casefold()) if word]
    for word in words:
        if word.removeprefix("--") not in _PERMISSIONS:
            return Mistake(
                what="There is no such permission.",
                expected="publish, stage, or both with a space between them",
                got=shorten(word),
                suggestion="".join(get_close_matches(word, ("publish", "stage"), 1)),
                field=PERMISSIONS,
            )
    named = {_PERMISSIONS[word.removeprefix("--")] for word in words}
    return tuple(permission for permission in Permission if permission in named)


def _fields_of(cells: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Take the cells that are flags. The repository goes by its column: each provider calls the flag otherwise."""
    return {
        column: tuple(filter(None, _SEPARATED.split(cell))) if column in _REPEATABLE else (cell,)
        for column, cell in cells.items()
        if column in _FLAGS or column == REPOSITORY
    }


def _fault(row: int, column: str, mistake: Mistake) -> Fault:
    """Say what is wrong in a row; of what came only the beginning is kept."""
    return Fault(row=row, column=column, mistake=mistake.model_copy(update={"got": shorten(mistake.got)}))
