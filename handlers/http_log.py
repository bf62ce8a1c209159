"""What our HTTP server logs: aiohttp quotes a broken request, and nothing of what came may reach the log."""

import logging

from aiohttp.http_exceptions import HttpProcessingError


class _WithoutQuotes(logging.Filter):
    """Tells of what is no HTTP in one line, by the name of what was wrong with it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Take the quoted request out of a line."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, HttpProcessingError):
            record.levelno, record.levelname = logging.WARNING, "WARNING"
            record.msg, record.args = "What came is no HTTP (%s)", (type(error).__name__,)
            record.exc_info = record.exc_text = None
        return True


def server_logger() -> logging.Logger:
    """Make the logger that an aiohttp server is given."""
    logger = logging.getLogger("handlers.http")
    if not logger.filters:
        logger.addFilter(_WithoutQuotes())
    return logger
