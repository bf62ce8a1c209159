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
    owners_are_collaborators: bool = False
    """They are who may write, teams counted, as npm told an account; else those of the public data."""
    repository_inferred: bool = False
    warnings: tuple[str, ...] = ()
    unchecked: str = ""
    """Why its workflow could not be looked at, as a sentence; empty: it was."""
    difference: str = ""
    """Why the step went back to review."""
    needs_look: bool = False
    configuration_read_at: datetime | None = None
    approved_before: Configuration | None = None
    """What the step was to take away when it was approved, and npm's list showed something else."""
    requester_npm: str = ""
    """The npm user whom the requester was linked to; empty when to none."""


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
    owners_at: datetime | None = None
    """When npm was last asked who owns the package."""
    checked_at: datetime | None = None
    """When npm's list was last seen to show what a replace takes away as it was approved."""
    script_id: int | None = None
    """The newest script that holds its call: row id in `storage.scripts`."""
    by_hand: str = ""
    """Slack id of whose its last call was to make, in their own terminal; empty where it was made here."""
    called_at: datetime | None = None
    """When the last attempt of a create began: npm's two days are counted from it, to be on the safe side."""
