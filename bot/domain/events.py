"""What the record tells of, as an enum."""

from enum import StrEnum


class AuditKind(StrEnum):
    """The kinds of audit events."""

    STAGED = "change_set.staged"
    MOVED = "step.moved"
    DECIDED = "decision.made"
    DENIED = "action.denied"
    WITHDRAWN = "decision.withdrawn"
    CANCEL_WANTED = "change_set.cancel_wanted"
    LOOKED = "configuration.looked_at"
    ATTEMPT_BEGAN = "attempt.began"
    ATTEMPT_ENDED = "attempt.ended"
    HANDOFF_MADE = "handoff.made"
    HANDOFF_ENDED = "handoff.ended"
    DISOWNED = "handoff.disowned"
    LINK_MADE = "link.made"
    LINK_CONFIRMED = "link.confirmed"
    LINK_REFUSED = "link.refused"
    LINK_CLOSED = "link.closed"
    SESSION_WIPED = "session.wiped"
    LANE_TAKEN = "lane.taken"
