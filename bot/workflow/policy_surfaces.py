"""What is told of policies: a broken file, a revoke by one alone, and what waits for a decision."""

from collections.abc import Callable, Mapping

from bot.messages.message import Message
from bot.messages.policy import render_policy_broken
from bot.services import Services
from bot.workflow.loud import draw_revoked_alone
from bot.workflow.reminders import draw_reminder
from storage.store import Store


def _policy_broken(services: Services, store: Store, reference: str) -> Message | None:
    load = store.policies.find_load(int(reference.partition(":")[0]))
    if load is None:
        return None
    rules = len(services.policies.current.rules)
    return render_policy_broken(load.file, load.problem, rules=rules)


RENDERERS: Mapping[str, Callable[[Services, Store, str], Message | None]] = {
    "policy_broken": _policy_broken,
    "revoked_alone": draw_revoked_alone,
    "reminder": draw_reminder,
}
