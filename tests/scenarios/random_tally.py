"""What a run of random worlds met, and what the bot could not account for in it."""

import logging
from collections import Counter
from dataclasses import dataclass, field

from bot.domain.lifecycle import Plan, State


@dataclass
class Tally:
    """What a run of the machine met."""

    worlds: int = 0
    ends: Counter[tuple[Plan, State]] = field(default_factory=Counter)
    creates: int = 0
    """Those that npm accepted."""
    by_hand: int = 0
    """Lines that people ran in their own terminals, and that npm took."""
    lost: int = 0
    """Answers to creates and revokes that npm acted on and that did not arrive."""

    def __str__(self) -> str:
        ends = ", ".join(f"{count} {plan} {state}" for (plan, state), count in sorted(self.ends.items()))
        return (
            f"{self.worlds} worlds; {self.ends.total()} steps ended: {ends}; "
            f"{self.creates} creates accepted, {self.by_hand} calls by hand, {self.lost} answers lost, none of it wrong"
        )


class Accidents(logging.Handler):
    """Keeps what the bot could not account for."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))
