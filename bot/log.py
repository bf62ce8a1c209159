"""Logging: one line a record, for a person at a terminal or as JSON for a machine. Secrets are not logged anywhere."""

import json
import logging
import sys
from datetime import UTC, datetime

_TALKATIVE = ("aiohttp", "alembic", "apscheduler", "httpcore", "httpx", "slack_bolt", "slack_sdk")
"""These log bodies and tokens at DEBUG, or each tick at INFO."""


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure(style: str | None, level: str) -> None:
    """Log to stderr, in the style `json` or `console`; None: console on a terminal."""
    handler = logging.StreamHandler(sys.stderr)
    if style == "json" or (style is None and not sys.stderr.isatty()):
        handler.setFormatter(JsonLines())
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S"))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
