"""Everything that goes on by itself, each as one piece of work."""

from collections.abc import Mapping

from bot.workflow import (
    batch_look,
    clock_back,
    deadlines,
    digests,
    drift,
    execute,
    files,
    handoff,
    history,
    home,
    inbox,
    members,
    pictures,
    policy_watch,
    reminders,
    scan,
    seal,
    surfaces,
    two_days,
)
from bot.workflow.progress import Worker

WORKERS: Mapping[str, Worker] = {
    "clock": clock_back.execute_next,
    "inbox": inbox.execute_next,
    "policy": policy_watch.execute_next,
    "batches": batch_look.execute_next,
    "lane": execute.execute_next,
    "handoffs": handoff.execute_next,
    "scan": scan.execute_next,
    "drift": drift.execute_next,
    "history": history.execute_next,
    "digests": digests.execute_next,
    "pictures": pictures.execute_next,
    "home": home.execute_next,
    "surfaces": surfaces.execute_next,
    "files": files.execute_next,
    "deadlines": deadlines.execute_next,
    "two_days": two_days.execute_next,
    "people": members.execute_next,
    "reminders": reminders.execute_next,
    "seal": seal.execute_next,
}
"""In the order in which a request meets them."""
