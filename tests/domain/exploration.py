"""An exhaustive walk through a small world in which one step lives: npm, its accounts, time, people and faults.

The world is finite because faults, outside changes and changes of mind are counted. Every move that is possible in a
world is an edge; each edge is judged when it is walked. Five thoughts keep the walk short and complete:

- A call is answered at once, or its answer is lost and it stays *in flight*: npm may then act on it at any later moment
  until its deadline. So a process that dies, a 5xx and a cut connection are one move, and a call that npm acted on
  before the answer was lost is one that acts right afterwards.
- A list shows any state that npm had since the lag was last over (`visible`). When it is over, calls in flight are dead
  too: that is what makes a read settled.
- A call that its person was given for their own terminal is in flight as well, from when it is given until the lag is
  over after they said that they ran it, or somebody stopped it: until then it never settles.
- Somebody else's change never meets the step itself, so it may happen anywhere between the step's moves.
- The deadline is looked at on every entry, as the callers do.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from functools import cache
from typing import NamedTuple, TypeAlias

from bot.domain import step_events as on
from bot.domain.lifecycle import OPEN_STATES, Call, LastAnswer, Phase, Plan, State, Step, WaitFor
from tests.domain.step_truths import twice, what_is_wrong
from tests.domain.step_world import NOTHING, Account, Created, Thing, Things, World

Advance: TypeAlias = Callable[[Step, on.Event], Step | None]


class Kind(StrEnum):
    """Who makes a move."""

    BOT = "the bot, and npm as it should"
    HELP = "a person does what is needed"
    STOP = "a person stops it, or the content differs"
    LAG = "the lag is over"
    DEADLINE = "a deadline passes"
    FAULT = "something fails"
    OUTSIDE = "somebody else changes the package"


class Move(NamedTuple):
    """An edge of the walk."""

    kind: Kind
    what: str
    world: World
    wrong: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.what} -> {_show(self.world)}"


GOOD_WEATHER = frozenset({Kind.BOT, Kind.HELP, Kind.LAG})
PEOPLE = frozenset({Kind.HELP, Kind.STOP})


class Walk(NamedTuple):
    """What a walk found."""

    moves: dict[World, list[Move]]
    came_from: dict[World, tuple[World, Move]]
    flaws: dict[str, str]
    """What may not be, and the shortest way there."""

    def story(self, world: World) -> str:
        """Tell the shortest way to a world, one move a line."""
        lines: list[str] = []
        here = world
        while here in self.came_from:
            before, move = self.came_from[here]
            lines.append(str(move))
            here = before
        return "\n".join([_show(here), *reversed(lines)])


def starts_of(plan: Plan, *, faults: int = 3, outside: int = 2) -> Iterator[World]:
    """List the worlds in which a step of a plan may be staged."""
    standing = NOTHING if plan is Plan.CREATE else frozenset({Thing.OLD})
    fine, blind, hiding = Account.FINE, Account.BLIND, Account.HIDING
    for accounts in [(fine,), (blind, fine), (hiding, blind)]:
        yield World(Step(plan), standing, frozenset({standing}), accounts, faults=faults, outside=outside)


def walk(starts: Iterable[World], advance: Advance) -> Walk:
    """Visit every world that can be reached, nearest first."""
    moves_of = Mover(advance).moves_of
    found = Walk({}, {}, {})
    seen = set(starts)
    frontier = list(seen)
    while frontier:
        reached: list[World] = []
        for world in frontier:
            found.moves[world] = moves = [move for move in moves_of(world) if move.world != world or move.wrong]
            for move in moves:
                if move.wrong:
                    found.flaws.setdefault(move.wrong, f"{found.story(world)}\n{move}")
                if move.world not in seen:
                    seen.add(move.world)
                    found.came_from[move.world] = world, move
                    reached.append(move.world)
        frontier = reached
    return found


def find_flaws(walked: Walk, advance: Advance) -> dict[str, str]:
    """Tell what may not be, each with a shortest story; empty where everything ends, and ends true."""
    flaws = dict(walked.flaws)
    finishing = _finishing(walked)
    turning = _turning(walked)
    waiting = {step for step in {world.step for world in walked.moves} if not _ends_alone(step, advance)}
    for world in walked.moves:
        if world.step in waiting:
            flaws.setdefault("it waits for ever", walked.story(world))
        if world not in finishing:
            flaws.setdefault("nothing but a deadline ends it", walked.story(world))
        if world in turning:
            flaws.setdefault("it goes round for ever", walked.story(world))
    return flaws


def _ends_alone(step: Step, advance: Advance) -> bool:
    """Tell whether a step ends when nobody is there, no process lives for long and the deadlines pass."""
    for event in (on.Unclear(), on.DeadlinePassed(), on.LastDeadlinePassed()):
        step = advance(step, event) or step
    return step.state not in OPEN_STATES


def _finishing(walked: Walk) -> set[World]:
    """Find the worlds from which a step comes to a certain end once everybody helps and nothing fails any more."""
    before: dict[World, list[World]] = {}
    for world, moves in walked.moves.items():
        for move in moves:
            if move.kind in GOOD_WEATHER:
                before.setdefault(move.world, []).append(world)
    finishing = {world for world in walked.moves if world.step.state not in OPEN_STATES}
    frontier = [world for world in finishing if world.step.state is not State.UNRESOLVED]
    while frontier:
        new = set(before.get(frontier.pop(), ())) - finishing
        finishing |= new
        frontier.extend(new)
    return finishing


def _turning(walked: Walk) -> set[World]:
    """Find the worlds between which the bot goes round without any person: take away what leads out, and see."""
    ways_in: Counter[World] = Counter()
    ahead: dict[World, list[World]] = {}
    for world, moves in walked.moves.items():
        ahead[world] = [move.world for move in moves if move.kind not in PEOPLE]
        ways_in.update(ahead[world])
    frontier = [world for world in ahead if not ways_in[world]]
    while frontier:
        for world in ahead.pop(frontier.pop()):
            ways_in[world] -= 1
            if not ways_in[world]:
                frontier.append(world)
    return set(ahead)


class Mover:
    """Knows every move that is possible in a world."""

    def __init__(self, advance: Advance) -> None:
        self.advance = cache(advance)

    def moves_of(self, world: World) -> Iterator[Move]:
        """List what can happen next; nothing after an end."""
        if world.step.state not in OPEN_STATES:
            return
        yield from self._moves_of_people(world)
        yield from self._moves_of_time(world)
        yield from _moves_outside(world)
        yield from self._turns(world)
        if world.step.state is State.CALLING:
            yield from self._answers(world)
        if world.step.state is State.UNKNOWN:
            yield from self._reads(world)

    def _move(self, kind: Kind, world: World, event: on.Event, then: World | None = None) -> Iterator[Move]:
        """Move the step by an event, in the world as it is or as it is then."""
        step = self.advance(world.step, event)
        if step is None:
            return
        after = (then or world)._replace(step=step)
        wrong = what_is_wrong(world, event, after)
        if step.phase is not world.step.phase:
            after = after.in_next_phase()
        stopped = self.advance(step, on.DeadlinePassed()) if after.late else None
        if stopped is not None:
            end = after._replace(step=stopped)
            wrong = wrong or what_is_wrong(after, on.DeadlinePassed(), end)
            after = end
        yield Move(kind, str(event), after, wrong)

    def _moves_of_people(self, world: World) -> Iterator[Move]:
        approved = world._replace(approved=True, tried=0)
        yield from self._move(Kind.HELP, world, on.Approved(quorum_met=True), approved)
        yield from self._move(Kind.STOP, world, on.Rejected())
        yield from self._move(Kind.STOP, world, on.Cancelled(), world._replace(cancelled=True))
        if world.doubts:
            doubts = world.doubts - 1
            unusable = on.Approved(quorum_met=True, account_usable=False)
            yield from self._move(Kind.HELP, world, unusable, approved._replace(doubts=doubts))
            void = world._replace(approved=False, doubts=doubts)
            yield from self._move(Kind.STOP, world, on.Withdrawn(quorum_met=False), void)
            yield from self._move(Kind.STOP, world, on.Differs(), void)
        if world.step.waits_for is WaitFor.ACCOUNT:
            yield from self._move(Kind.HELP, world, on.PersonDone(), world._replace(tried=0))
            repaired = world._replace(tried=0, accounts=(Account.FINE,))
            yield from self._move(Kind.HELP, world, on.PersonDone(), repaired)
        else:
            yield from self._move(Kind.HELP, world, on.PersonDone())

    def _moves_of_time(self, world: World) -> Iterator[Move]:
        visible = frozenset({world.standing})
        if world.step.waits_for is WaitFor.TERMINAL:
            yield Move(Kind.LAG, "later", world._replace(visible=visible))
        elif world.step.state is not State.CALLING:
            yield Move(Kind.LAG, "later", world._replace(settled=True, in_flight=NOTHING, visible=visible))
        if not world.late:
            yield from self._move(Kind.DEADLINE, world, on.DeadlinePassed(), world._replace(late=True))
        yield from self._move(Kind.DEADLINE, world, on.LastDeadlinePassed())

    def _turns(self, world: World) -> Iterator[Move]:
        if not (world.late and world.step.phase is Phase.FIRST):
            yield from self._move(Kind.BOT, world, on.Taken(), world._replace(settled=False))
            given = world._replace(settled=False, in_flight=world.in_flight | _may_act(world))
            yield from self._move(Kind.HELP, world, on.HandedOut(), given)
        if world.faults:
            yield from self._move(Kind.FAULT, world, on.NoSession(), world._replace(faults=world.faults - 1))

    def _answers(self, world: World) -> Iterator[Move]:
        revokes = world.step.call is Call.REVOKE
        if world.executor is Account.HIDING and revokes:
            yield from self._move(Kind.BOT, world, on.Missing())
        elif world.executor is not Account.FINE:
            refused = world.with_account_tried()
            yield from self._move(Kind.BOT, world, on.AccountRefused(another_account=refused.another_account), refused)
        elif acted := world.act(Created.ANSWERED):
            for move in self._move(Kind.BOT, acted, on.Succeeded()):
                yield move._replace(wrong=move.wrong or twice(world))
        else:
            yield from self._move(Kind.BOT, world, on.Missing() if revokes else on.Overlapping())
        if not world.faults:
            return
        failed = world._replace(faults=world.faults - 1)
        for event in (on.Challenged(), on.Throttled(), on.Invalid()):
            yield from self._move(Kind.FAULT, world, event, failed)
        lost = failed._replace(in_flight=world.in_flight | _may_act(world))
        yield from self._move(Kind.FAULT, world, on.Unclear(), lost)

    def _reads(self, world: World) -> Iterator[Move]:
        refused = world.with_account_tried()
        another = refused.another_account
        if world.faults:
            failed = world._replace(faults=world.faults - 1)
            yield from self._move(Kind.FAULT, world, on.ReadChallenged(), failed)
        if world.executor is Account.BLIND:
            yield from self._move(Kind.BOT, world, on.ReadRefused(another_account=another), refused)
            return
        creates = world.step.call is Call.CREATE
        for seen in world.visible:
            if seen & world.looked_for:
                hidden = world.settled and world.step.last_answer is LastAnswer.MISSING
                found = on.ReadFound(settled=world.settled, another_account=another)
                yield from self._move(Kind.BOT, world, found, refused if hidden else world)
                continue
            overlaps = creates and seen & world.in_the_way_of(world.target)
            read = on.ReadOverlap(settled=world.settled) if overlaps else on.ReadAbsent(settled=world.settled)
            looked = world.settled and world.created is Created.REVOKED
            then = world._replace(created=Created.LOOKED) if looked else world
            yield from self._move(Kind.BOT, world, read, then)


def _may_act(world: World) -> Things:
    """Tell what npm may act on once the call has gone out."""
    return frozenset({world.target}) if world.executor is Account.FINE else NOTHING


def _moves_outside(world: World) -> Iterator[Move]:
    for target in world.in_flight:
        if acted := world.act(Created.LOST, target):
            after = acted._replace(in_flight=world.in_flight - {target})
            yield Move(Kind.FAULT, f"npm acts late: {target}", after, twice(world, target))
    if not world.outside:
        return
    changed = world._replace(outside=world.outside - 1)
    for thing in world.standing:
        lost = thing is world.target and world.created is Created.LOST
        after = changed._replace(created=Created.REVOKED) if lost else changed
        yield Move(Kind.OUTSIDE, f"revoke {thing}", after.with_standing(world.standing - {thing}))
    for thing in (Thing.THEIRS, Thing.FOREIGN) if world.step.plan is not Plan.REVOKE else ():
        if not world.standing & world.in_the_way_of(thing):
            yield Move(Kind.OUTSIDE, f"create {thing}", changed.with_standing(world.standing | {thing}))


def _show(world: World) -> str:
    step = world.step
    waits = f" for {step.waits_for}, back to {step.back}" if step.back else ""
    marks = [name for name in ("maybe_acted", "cancel_wanted") if getattr(step, name)]
    marks += [name for name in ("settled", "late", "cancelled", "revoked") if getattr(world, name)]
    standing = ", ".join(sorted(thing.name for thing in world.standing)) or "nothing"
    return f"{step.state}{waits} ({step.phase}) {' '.join(marks)}; npm has {standing}"
