"""The clock of `npmtrust sandbox`: the machine's time and a shift, which the page can make larger.

The stand-ins and the bot are two processes, so the shift stands in a file that both have mapped into memory. Nothing
but the sandbox's own entry point reads that file: `npmtrust run` has the machine's clock and knows no other.
"""

import mmap
import struct
from datetime import datetime, timedelta
from pathlib import Path

from bot.clock import Clock

FILE = "clock"
"""Its name in the folder of the sandbox."""
_SECONDS = struct.Struct("d")


class ShiftedClock(Clock):
    """The machine's time and the shift of a file, which is made where it is not there."""

    def __init__(self, file: Path) -> None:
        with file.open("r+b" if file.exists() else "w+b") as opened:
            opened.truncate(_SECONDS.size)
            self._shift = mmap.mmap(opened.fileno(), _SECONDS.size)

    def now(self) -> datetime:
        """Tell the time of the sandbox."""
        return super().now() + timedelta(seconds=self._seconds)

    def monotonic(self) -> float:
        """Tell seconds that never go back, as the shift never gets smaller."""
        return super().monotonic() + self._seconds

    def advance(self, span: timedelta) -> None:
        """Let so much time pass at once, in every process that has this file."""
        _SECONDS.pack_into(self._shift, 0, self._seconds + max(0.0, span.total_seconds()))

    @property
    def _seconds(self) -> float:
        seconds: float = _SECONDS.unpack_from(self._shift)[0]
        return seconds
