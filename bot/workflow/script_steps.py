"""Which calls a person may run in their own terminal instead of having them made here."""

from collections.abc import Iterable

from bot.domain import step_events
from bot.domain.approval import Action
from bot.domain.lifecycle import State, advance
from bot.messages.scripts import script_line
from bot.services import Services
from bot.workflow.authorise import authorise, load_directory, load_step_facts
from bot.workflow.lane import OPERATION
from storage.models import StepRow
from storage.store import Store

MOST_LINES = 20
"""What is more is for another script."""

_MOST_LOOKED_AT = 4 * MOST_LINES
"""Steps that are looked at to find them: each costs a few looks into the database, for every link that is drawn."""

_MOST_LETTERS = 9000
"""Of all lines together: a message of Slack's holds no more."""


def list_scriptable(services: Services, store: Store, slack_user: str) -> list[StepRow]:
    """List the approved steps that wait for a call with this person's account and are one call each.

    One step a package: what becomes of it is found out before the next one of that package begins.
    """
    directory = load_directory(services, store)
    chosen: dict[str, StepRow] = {}
    for row in store.line.list_first(slack_user, [State.READY, State.WAITING], _MOST_LOOKED_AT):
        if advance(row.lifecycle, step_events.HandedOut()) is None:
            continue
        change_set = store.change_sets.load(row.change_set_id)
        facts = load_step_facts(services, store, change_set, row)
        is_refused = change_set.paused or authorise(Action.EXECUTE, slack_user, facts, directory) is not None
        if not (is_refused or store.change_sets.is_package_busy(row.package, but=row.id)):
            chosen.setdefault(row.package, row)
    return list(_that_fit(services, chosen.values()))


def _that_fit(services: Services, rows: Iterable[StepRow]) -> Iterable[StepRow]:
    letters = lines = 0
    for row in rows:
        line = script_line(OPERATION.validate_json(row.operation), services.options.registry_url)
        letters += len(line)
        lines += bool(line)
        if letters > _MOST_LETTERS or lines > MOST_LINES:
            return
        if line:
            yield row
