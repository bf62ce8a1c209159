"""The bot of the sandbox: `npmtrust run`, but for its clock, which stands in the folder where it starts."""

import asyncio
import sys
from pathlib import Path

from bot import app, log
from bot.errors import StartupError
from bot.sandbox.shifted_clock import FILE, ShiftedClock
from bot.settings import load_settings


def main() -> int:
    """Run it until it is told to end; tell the exit status."""
    try:
        settings = load_settings()
        log.configure(settings.log_format, settings.log_level)
        asyncio.run(app.run(settings, clock=ShiftedClock(Path(FILE))))
    except StartupError as err:
        print(f"npmtrust: {err}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
