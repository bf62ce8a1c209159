"""The form for many packages at once, and what somebody put into it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.domain.bulk import COLUMNS, MOST_BYTES, MOST_ROWS, Defaults
from bot.domain.bulk_check import check_defaults
from bot.domain.bulk_files import FILE_TYPES
from bot.domain.flags import clean_fields
from bot.domain.mistakes import Mistake
from bot.domain.publishers import PROVIDERS, Permission, Provider
from bot.domain.values import Frozen
from bot.messages._blocks import context, plain, section
from bot.messages._text import cut
from bot.messages.forms import text_input
from bot.messages.ids import FIELD_ACTION, Callback, Field
from bot.messages.message import Block, View

TITLE = "Many packages"

_LONGEST_REASON = 500
_PROVIDERS = {provider.value: spec.title for provider, spec in PROVIDERS.items()}
_PERMISSIONS = {Permission.PUBLISH.value: "publish", Permission.STAGE.value: "stage"}
_HOLD = {"hold": "collect the approvals now, and run when somebody presses [Run now]"}
_FLAG_OF = {Field.REPOSITORY: "repository", Field.FILE: "file", Field.ENVIRONMENT: "environment"}
_LINES_HINT = (
    "@acme/ui @acme/core, one a line or with spaces; @acme/*; or lines of npm trust, as they came out of a shell."
    " Longer than this field: as a .txt file."
)


class BulkDraft(Frozen):
    """What stands in the form, but for the file."""

    defaults: Defaults = Defaults()
    lines: str = ""


class BulkOrigin(Frozen):
    """What the form remembers while it is open."""

    channel: str


class BulkRequest(Frozen):
    """What somebody hands in: either a file or lines."""

    channel: str
    draft: BulkDraft
    file: str = ""
    """Slack's id of it."""


def bulk_form(draft: BulkDraft, *, channel: str) -> View:
    """Draw the form."""
    given = draft.defaults
    fields = {name: " ".join(given.fields.get(flag, ())) for name, flag in _flags_of(given.provider).items()}
    return View(
        callback_id=Callback.BULK,
        title=TITLE,
        submit="Check",
        blocks=(
            section(
                "A file, or pasted lines. Nothing is asked for before you have seen what I made of them.",
                f"A CSV has a header with `package`, and any of {', '.join(f'`{name}`' for name in COLUMNS[1:])};"
                " a JSON file is a list of objects with the same names.",
            ),
            _file_input(),
            _lines_input(draft.lines),
            context("For all rows that do not say it themselves:"),
            _select(Field.PROVIDER, "Provider", _PROVIDERS, given.provider.value),
            text_input(Field.FILE, "Workflow file", hint="release.yml", initial=fields[Field.FILE], optional=True),
            text_input(
                Field.REPOSITORY,
                "Repository or project",
                hint="Such as acme/{unscoped}. Left empty: each package's own.",
                initial=fields[Field.REPOSITORY],
                optional=True,
            ),
            text_input(
                Field.ENVIRONMENT,
                "Environment",
                hint="Such as production. Left empty: any.",
                initial=fields[Field.ENVIRONMENT],
                optional=True,
            ),
            _checkboxes(Field.PERMISSIONS, "May", _PERMISSIONS, [each.value for each in given.permissions]),
            text_input(Field.REASON, "Why", hint="The reviewers read it.", initial=given.reason, optional=True,
                       lines=True),
            _checkboxes(Field.HOLD, "Hold", _HOLD, ["hold"] if given.hold else []),
            context(f"At most {MOST_ROWS:,} rows and {MOST_BYTES // 1000:,} kB at once."),
        ),
        private_metadata=BulkOrigin(channel=channel).model_dump_json(),
    )  # fmt: skip


def read_bulk_form(values: Mapping[str, str], metadata: str) -> BulkRequest | list[Mistake]:
    """Read the form. The field of each mistake is the block_id of the form's field."""
    file, lines = values.get(Field.UPLOAD, "").strip(), values.get(Field.LINES, "")
    chosen = values.get(Field.PROVIDER, "")
    provider = Provider(chosen) if chosen in _PROVIDERS else Provider.GITHUB
    flags = _flags_of(provider)
    written = {flag: (values.get(name, ""),) for name, flag in flags.items()}
    defaults = Defaults(
        provider=provider,
        fields=clean_fields(PROVIDERS[provider].flags, written),
        permissions=tuple(one for one in Permission if one.value in values.get(Field.PERMISSIONS, "").split()),
        reason=cut(" ".join(values.get(Field.REASON, "").split()), _LONGEST_REASON),
        hold="hold" in values.get(Field.HOLD, "").split(),
    )
    mistakes = [*_check_source(file, lines), *_check_written(defaults, written)]
    if mistakes:
        return mistakes
    channel = BulkOrigin.model_validate_json(metadata).channel
    return BulkRequest(channel=channel, draft=BulkDraft(defaults=defaults, lines=lines), file=file)


def _check_source(file: str, lines: str) -> Iterator[Mistake]:
    if bool(file) == bool(lines.strip()):
        what = "Both a file and lines: which of them?" if file else "There is nothing to read."
        yield Mistake(what=what, expected="either a file or lines", got="", field=Field.LINES.value)


def _check_written(defaults: Defaults, written: Mapping[str, tuple[str, ...]]) -> Iterator[Mistake]:
    names = {flag: name for name, flag in _flags_of(defaults.provider).items()}
    for mistake in check_defaults(defaults):
        yield mistake.model_copy(update={"field": names.get(mistake.field, Field.LINES)})
    known = {flag.name for flag in PROVIDERS[defaults.provider].flags}
    for flag, name in names.items():
        if flag not in known and (got := written[flag][0].strip()):
            title, expected = PROVIDERS[defaults.provider].title, "its ids as columns of the file, or in lines"
            yield Mistake(what=f"{title} has no such field.", expected=expected, got=got, field=name)


def _flags_of(provider: Provider) -> dict[str, str]:
    """Tell which flag of a provider each field of the form stands for."""
    source = PROVIDERS[provider].source_flag
    names = {flag.name for flag in PROVIDERS[provider].flags}
    repository = source if "file" in names else "repository"
    return {name: repository if name is Field.REPOSITORY else flag for name, flag in _FLAG_OF.items()}


def _file_input() -> Block:
    element = {"type": "file_input", "action_id": FIELD_ACTION, "filetypes": list(FILE_TYPES), "max_files": 1}
    return _input(Field.UPLOAD, "A file", element) | {"hint": plain("CSV, JSON, or text in UTF-8.", 2000)}


def _lines_input(lines: str) -> Block:
    """Show again what was pasted, tabs included: they may keep the cells of a table apart."""
    block = text_input(Field.LINES, "Or names, patterns or lines", hint=_LINES_HINT, optional=True, lines=True)
    return block | {"element": block["element"] | ({"initial_value": cut(lines, 3000)} if lines.strip() else {})}


def _select(block_id: str, label: str, options: Mapping[str, str], chosen: str) -> Block:
    built = _options(options)
    initial = next(option for option in built if option["value"] == chosen)
    element = {"type": "static_select", "action_id": FIELD_ACTION, "options": built, "initial_option": initial}
    return _input(block_id, label, element, optional=False)


def _checkboxes(block_id: str, label: str, options: Mapping[str, str], chosen: Iterable[str]) -> Block:
    built = _options(options)
    ticked = [option for option in built if option["value"] in set(chosen)]
    element: dict[str, Any] = {"type": "checkboxes", "action_id": FIELD_ACTION, "options": built}
    return _input(block_id, label, element | ({"initial_options": ticked} if ticked else {}))


def _options(options: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"text": plain(words, 75), "value": value} for value, words in options.items()]


def _input(block_id: str, label: str, element: dict[str, Any], *, optional: bool = True) -> Block:
    return {
        "type": "input",
        "block_id": str(block_id),
        "label": plain(label, 2000),
        "element": element,
        "optional": optional,
    }
