"""The file of a change set's results: a row for each step."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from bot.domain.lifecycle import State
from bot.domain.operations import Operation, Revoke, revoked_id_of
from bot.domain.publishers import CircleCI
from bot.domain.values import Frozen

HEADER = (
    "package",
    "asked",
    "provider",
    "repository",
    "file",
    "environment",
    "permissions",
    "state",
    "npm said",
    "configuration id",
    "asked by",
    "approved by",
    "run by",
    "npm user",
    "ended",
    "publish before",
)


class Result(Frozen):
    """What came of one step."""

    operation: Operation
    state: State
    npm_message: str = ""
    configuration_id: str = ""
    requester: str
    approvers: tuple[str, ...] = ()
    """Slack ids."""
    executor: str = ""
    executor_npm_user: str = ""
    finished_at: datetime | None = None
    publish_before: datetime | None = None


def result_rows(results: Iterable[Result]) -> Iterator[tuple[str, ...]]:
    """Make the rows of the file, its header first."""
    yield HEADER
    for result in results:
        operation = result.operation
        yield (
            operation.package,
            operation.kind,
            *_publisher_cells(operation),
            result.state.value,
            result.npm_message,
            result.configuration_id or revoked_id_of(operation),
            result.requester,
            " ".join(result.approvers),
            result.executor,
            result.executor_npm_user,
            _moment(result.finished_at),
            _moment(result.publish_before),
        )


def _publisher_cells(operation: Operation) -> tuple[str, ...]:
    if isinstance(operation, Revoke):
        return "", operation.from_repository, "", "", ""
    publisher, permissions = operation.publisher, " ".join(operation.permissions)
    if isinstance(publisher, CircleCI):
        contexts = " ".join(publisher.context_ids)
        return publisher.provider.value, publisher.source, publisher.pipeline_definition_id, contexts, permissions
    return publisher.provider.value, publisher.source, publisher.file, publisher.environment, permissions


def _moment(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""
