"""Commands written as lines that parse to them again, and the forms that stand for such lines."""

from collections.abc import Iterator
from typing import assert_never

from bot.domain.command_tokens import quote, write_flag
from bot.domain.commands import (
    MONDAY_MORNING,
    Cancel,
    Change,
    CheckPackage,
    Command,
    Coverage,
    FormDraft,
    Freeze,
    Help,
    ListTrust,
    ListWatches,
    OpenForm,
    Pause,
    ReplaceTrust,
    Resume,
    Retry,
    RevokeTrust,
    SetUp,
    ShowAudit,
    ShowDigest,
    ShowPolicy,
    Status,
    Unwatch,
    Watch,
)
from bot.domain.operations import Create, Operation, Replace, Revoke
from bot.domain.packages import PackageName
from bot.domain.publishers import PROVIDERS, Permission, fields_of

YES_REMARK = "You wrote --yes: that answers npm's own question, and approval here still stands."
PERMISSION_FLAGS = {Permission.PUBLISH: "allow-publish", Permission.STAGE: "allow-stage-publish"}


def command_line_of(command: Command) -> str:
    """Write the canonical line of a command, without `/npmtrust`. As typed into Slack it parses to the same command."""
    return " ".join(_parts(command))


def draft_of(command: Command) -> FormDraft | None:
    """Fill the form that stands for a command; None where it has no form."""
    match command:
        case OpenForm(draft=draft):
            return draft
        case SetUp():
            return FormDraft(
                provider=command.provider,
                package=command.selection.text if command.selection else " ".join(command.packages),
                fields={name: "\n".join(values) for name, values in command.fields.items()},
                permissions=command.permissions if command.permissions_stated else (),
                reason=command.reason,
            )
        case _:
            return None


def command_of(operation: Operation, *packages: PackageName) -> SetUp | RevokeTrust | ReplaceTrust:
    """Write the command that asks for what a step does; for other packages than its own where some are named."""
    named = packages or (operation.package,)
    match operation:
        case Create():
            return SetUp(
                provider=operation.publisher.provider,
                packages=named,
                fields=dict(fields_of(operation.publisher)),
                permissions=operation.permissions,
                permissions_stated=True,
            )
        case Revoke():
            return RevokeTrust(
                packages=named,
                configuration_id="" if operation.from_repository else operation.configuration_id,
                from_repository=operation.from_repository,
            )
        case Replace():
            return ReplaceTrust(
                packages=named,
                configuration_id="" if operation.from_repository else operation.configuration_id,
                from_repository=operation.from_repository,
                provider=operation.publisher.provider,
                fields=dict(fields_of(operation.publisher)),
                permissions=operation.permissions,
                permissions_stated=True,
            )
        case _:  # pragma: no cover
            assert_never(operation)


def _parts(command: Command) -> Iterator[str]:
    match command:
        case SetUp():
            yield from _set_up(command)
        case RevokeTrust():
            yield from _revoke(command)
        case ReplaceTrust():
            yield from _replace(command)
        case ListTrust():
            yield from _list(command)
        case Coverage() | Unwatch() | ShowDigest() | Watch():
            yield from _patterns(command)
        case ListWatches():
            yield "watch"
        case OpenForm(draft=draft):
            yield draft.provider.value
        case (
            Status(number=int(number))
            | Cancel(number=number)
            | Pause(number=number)
            | Resume(number=number)
            | Retry(number=number)
        ):
            yield from (command.verb, f"C-{number}")
        case CheckPackage() | ShowPolicy() | ShowAudit() | Freeze():
            yield from _subject(command)
        case Help(topic=topic) if topic:
            yield from (command.verb, topic)
        case _:
            yield command.verb


def _subject(command: CheckPackage | ShowPolicy | ShowAudit | Freeze) -> Iterator[str]:
    yield command.verb
    if isinstance(command, Freeze):
        yield from [write_flag("reason", command.reason, always_quoted=True)] if command.reason else []
    elif isinstance(command, ShowAudit):
        yield from [quote(command.about)] if command.about else []
        yield from [write_flag("since", command.since)] if command.since else []
        yield from [write_flag("until", command.until)] if command.until else []
        yield from ["--csv"] if command.as_csv else []
    else:
        yield quote(command.package)


def _set_up(command: SetUp) -> Iterator[str]:
    yield command.provider.value
    yield from _packages(command)
    yield from _publisher(command)
    if command.hold:
        yield "--hold"
    yield from _common(command)


def _packages(command: Change | ListTrust) -> Iterator[str]:
    chosen = map(str, command.selection.patterns) if command.selection else command.packages
    yield from map(quote, chosen)


def _publisher(command: SetUp | ReplaceTrust) -> Iterator[str]:
    for flag in PROVIDERS[command.provider].flags:
        yield from (write_flag(flag.name, value) for value in command.fields.get(flag.name, ()))
    if command.permissions_stated:
        yield from (f"--{name}" for permission, name in PERMISSION_FLAGS.items() if permission in command.permissions)


def _revoke(command: RevokeTrust) -> Iterator[str]:
    yield from _selected(command)
    yield from _common(command)


def _replace(command: ReplaceTrust) -> Iterator[str]:
    yield from _selected(command)
    yield from ("with", command.provider.value)
    yield from _publisher(command)
    yield from _common(command)


def _selected(command: RevokeTrust | ReplaceTrust) -> Iterator[str]:
    yield command.verb
    yield from _packages(command)
    if command.configuration_id:
        yield write_flag("id", command.configuration_id)
    if command.from_repository:
        yield write_flag("from-repo", command.from_repository)


def _list(command: ListTrust) -> Iterator[str]:
    yield command.verb
    yield from _packages(command)
    if command.as_json:
        yield "--json"
    if command.registry:
        yield write_flag("registry", command.registry)


def _patterns(command: Coverage | Unwatch | ShowDigest | Watch) -> Iterator[str]:
    yield command.verb
    if command.selection:
        yield from (quote(str(pattern)) for pattern in command.selection.patterns)
    if isinstance(command, Coverage) and command.refresh:
        yield "--refresh"
    if isinstance(command, Watch):
        if command.cron != MONDAY_MORNING:
            yield write_flag("cron", command.cron)
        if command.timezone:
            yield write_flag("tz", command.timezone)
        if command.channel:
            yield write_flag("channel", command.channel)


def _common(command: Change) -> Iterator[str]:
    if command.reason:
        yield write_flag("reason", command.reason, always_quoted=True)
    if command.dry_run:
        yield "--dry-run"
    if command.as_json:
        yield "--json"
    if command.registry:
        yield write_flag("registry", command.registry)
    if YES_REMARK in command.remarks:
        yield "--yes"
