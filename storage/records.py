"""The JSON columns of a step, as values."""

from datetime import datetime

from bot.domain.evidence import Evidence
from bot.domain.publishers import Configuration
from bot.domain.values import Frozen


class StepFacts(Frozen):
    """What was known of the package when the step was staged."""

    evidence: Evidence
    maintainers: tuple[str, ...]
    """npm users."""
    repository_inferred: bool = False
    warnings: tuple[str, ...] = ()
    difference: str = ""
    """Why the step went back to review."""
    needs_look: bool = False
    configuration_read_at: datetime | None = None


class StepProgress(Frozen):
    """What the calls and reads of a step brought."""

    npm_message: str = ""
    trouble: str = ""
    """Why it waits although nobody must do anything, as the beginning of a sentence: `npm could not be reached`."""
    trouble_since: datetime | None = None
    tried: tuple[str, ...] = ()
    """npm users whose account was refused in this round."""
    refused_passwords: int = 0
    """How many fresh one-time passwords of the executor npm refused running."""
    configuration_id: str = ""
    configuration_permissions: tuple[str, ...] = ()
    existing: tuple[Configuration, ...] = ()
    """Of a conflict: what stands at npm."""
    called_at: datetime | None = None
    """When the last attempt of a create began: npm's two days are counted from it, to be on the safe side."""
