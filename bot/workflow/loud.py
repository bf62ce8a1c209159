"""What the policy lets somebody do alone is told to those who keep watch."""

from collections.abc import Iterable
from datetime import datetime

from bot.domain.approval import Directory, StepFacts
from bot.domain.reviewers import is_alone
from bot.messages.message import Message
from bot.messages.policy import render_revoked_alone
from bot.messages.wording import request_words
from bot.services import Services
from bot.workflow.authorise import OPERATION, load_directory, load_step_facts
from storage.models import StepRow
from storage.store import Store


def places_of(entries: Iterable[str], directory: Directory) -> tuple[str, ...]:
    """Tell where a message goes that is for people, user groups (each member by DM) and channels."""
    found: list[str] = []
    for entry in entries:
        found += sorted(directory.groups.get(entry, ())) if entry.startswith("S") else [entry]
    return tuple(place for place in dict.fromkeys(found) if place not in directory.gone)


def announce_alone(
    services: Services, store: Store, steps: Iterable[StepRow], facts: dict[int, StepFacts], now: datetime
) -> None:
    """Tell the admins, and whom the policy names, of each revoke that has a single approval."""
    directory = load_directory(services, store)
    for step in steps:
        if not is_alone(facts[step.id], directory):
            continue
        for place in places_of([*sorted(services.admins), *facts[step.id].policy.escalate_to], directory):
            store.surfaces.want(f"revoked_alone:{step.id}:{place}", channel=place, now=now)


def draw_revoked_alone(services: Services, store: Store, reference: str) -> Message | None:
    """Draw what the watchers are told."""
    step = store.change_sets.load_step(int(reference.partition(":")[0]))
    change_set = store.change_sets.load(step.change_set_id)
    approvals = load_step_facts(services, store, change_set, step).approvals
    by = approvals[-1].person if approvals else change_set.requester
    return render_revoked_alone(change_set.number, by=by, what=request_words(OPERATION.validate_json(step.operation)))
