"""What npm's answers do to a step: the event of each kind of answer. The state decides what the event leads to."""

from collections.abc import Mapping
from typing import Final

from bot.domain import outcome, step_events
from bot.domain.step_events import Event

EVENT_OF_WRITE: Final[Mapping[type, tuple[type[Event], ...]]] = {
    outcome.Accepted: (step_events.Succeeded, step_events.Unclear),  # the second: a create's that does not show it
    outcome.Challenged: (step_events.Challenged,),
    outcome.SessionDead: (step_events.Challenged,),
    outcome.AccountRefused: (step_events.AccountRefused,),
    outcome.Invalid: (step_events.Invalid,),
    outcome.Overlapping: (step_events.Overlapping,),
    outcome.Missing: (step_events.Missing,),
    outcome.TooFast: (step_events.Throttled,),
    outcome.NotSent: (step_events.Throttled,),
    outcome.Unclear: (step_events.Unclear,),
}
"""To a create or a revoke."""

EVENT_OF_LIST: Final[Mapping[type, tuple[type[Event], ...]]] = {
    outcome.Listed: (step_events.ReadFound, step_events.ReadOverlap, step_events.ReadAbsent),
    outcome.Challenged: (step_events.ReadChallenged,),
    outcome.SessionDead: (step_events.ReadChallenged,),
    outcome.AccountRefused: (step_events.ReadRefused,),
    outcome.TooFast: (step_events.ReadFailed,),
    outcome.NotSent: (step_events.ReadFailed,),
    outcome.Unclear: (step_events.ReadFailed,),
}
"""To a list that is to tell what became of a call; what it shows decides."""

ACTED: Final[Mapping[type, str]] = {outcome.Accepted: "yes", outcome.Unclear: "maybe"}
"""Whether npm did what a call asks for; with any other answer it did not."""
