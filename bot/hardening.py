"""What keeps others on the same machine from reading the memory of the bot: there are sessions in it."""

import ctypes
import resource
import sys

_PR_SET_DUMPABLE = 4
"""prctl(2)."""


def close_memory() -> None:
    """Leave no core dump when the process dies, and let nobody attach to it (ptrace, /proc/PID/mem).

    Only root, who can do everything, still could. Where the system has no such switch, the other one stands alone.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
