"""Everything that goes on by itself, each as one piece of work."""

from collections.abc import Mapping

from bot.workflow import deadlines, digests, execute, files, handoff, inbox, scan, surfaces
from bot.workflow.progress import Worker

WORKERS: Mapping[str, Worker] = {
    "inbox": inbox.execute_next,
    "lane": execute.execute_next,
    "handoffs": handoff.execute_next,
    "scan": scan.execute_next,
    "digests": digests.execute_next,
    "surfaces": surfaces.execute_next,
    "files": files.execute_next,
    "deadlines": deadlines.execute_next,
}
"""In the order in which a request meets them."""
