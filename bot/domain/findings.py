"""What a look at the installation found: one line for each thing that npmtrust needs."""

from collections.abc import Iterable
from enum import StrEnum

from bot.domain.values import Frozen


class Verdict(StrEnum):
    """How it stands."""

    OK = "ok"
    WARNING = "warning"
    """It works, but something is less than it could be, or may become worse."""
    FAILED = "failed"
    """Something that people need does not work."""


class Finding(Frozen):
    """One thing that was looked at."""

    subject: str
    """`Slack token`"""
    verdict: Verdict
    what: str
    """What was seen, as a sentence without its full stop."""
    mend: str = ""
    """What to do about it, in words of ours alone; empty where nothing has to be done."""


def has_failed(findings: Iterable[Finding]) -> bool:
    """Tell whether anything does not work."""
    return any(finding.verdict is Verdict.FAILED for finding in findings)
