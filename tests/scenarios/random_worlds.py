"""A random registry meets random change sets and random people: a state machine of Hypothesis, at the front door.

What people do goes through Slack and npm's site, what fails fails at the socket, and after each act npm's own books are
laid beside what the bot has stored: `random_truths.py` says what may not be.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from bot.domain.lifecycle import OPEN_STATES, State, WaitFor
from bot.domain.operations import Create, Revoke, revoked_id_of
from bot.sandbox.cast import REQUESTER, Character, SeedPackage
from bot.sandbox.registry_catalogue import TrustRecord
from bot.sandbox.registry_switches import Created, Windows
from bot.sandbox.registry_trust import overlap
from bot.sandbox.world import Actor, World, open_world
from tests.scenarios.random_requests import (
    FAILURES,
    NUMBERS,
    OLD_CLAIMS,
    OWNERS,
    PACKAGES,
    PEOPLE,
    REQUESTS,
    SPANS,
    WANTED,
    Failure,
    Request,
    Wanted,
)
from tests.scenarios.random_tally import Accidents, Tally
from tests.scenarios.random_truths import StepTruth, Terminals, find_flaws, made_by_hand, read_truths

T = TypeVar("T")
Settings: TypeAlias = Callable[[], dict[str, str]]

AT_RANDOM = settings(
    database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck), print_blob=False
)
COURSES = ("Run with my account", "Cancel", "Withdraw my approval", "Reject", "Pause", "Resume", "Resume")
MEANWHILE = ("", "Cancel", "Pause", "Withdraw my approval", "Run with my account", "the process dies")
"""What happens while npm has acted on a call and does not answer."""
FORMS: dict[str, dict[str, str]] = {"Approve": {}, "Reject": {"reason": "no"}}
"""What is written in the forms that some buttons open; of one step [Approve] opens none."""
MOST_OPEN = 4
"""Steps; with more, nobody asks for anything."""
ROUNDS = 30
"""After so many of everybody's help, each with three minutes in which nothing fails, everything has ended."""


class RandomWorlds(RuleBasedStateMachine):
    """One world; each rule is an act of somebody's, or something that happens."""

    def __init__(self, tally: Tally, database: Settings = dict) -> None:
        super().__init__()
        self.tally, self.database = tally, database
        self.runner, self.stack = asyncio.Runner(), AsyncExitStack()
        self.folder = TemporaryDirectory(prefix="npmtrust-world-")
        self.terminals, self.accidents = Terminals(), Accidents()
        self.is_sound, self.comes = True, True
        self.runs = 0
        """Whose lines people run, as `run_by_hand` has it, rather than follow many links."""
        self.open_steps: list[StepTruth] = []

    def run(self, act: Coroutine[Any, Any, T]) -> T:
        """Let something happen, and see whether everything is still as it should be."""
        try:
            done = self.runner.run(act)
            self.runner.run(self.look())
        except BaseException:
            self.is_sound = False
            raise
        return done

    async def look(self) -> list[StepTruth]:
        steps = await read_truths(self.world, self.terminals)
        flaws = [flaw for step in steps for flaw in find_flaws(step)]
        assert not flaws, "\n".join(flaws)
        assert not self.accidents.lines, self.accidents.lines[0]
        self.open_steps = [step for step in steps if step.state in OPEN_STATES]
        return steps

    # The world

    @initialize(
        windows=st.sampled_from(Windows),
        lag=st.sampled_from((0, 40, 110)),
        created=st.sampled_from(Created),
        comes=st.sampled_from((True, True, False)),
        failures=st.lists(FAILURES, max_size=3),
        request=REQUESTS,
        runs=st.sampled_from((0, 1, 3, 7)),
    )
    def begin(
        self,
        windows: Windows,
        lag: int,
        created: Created,
        failures: list[Failure],
        request: Request,
        runs: int,
        *,
        comes: bool,
    ) -> None:
        self.comes, self.runs = comes, runs
        logging.getLogger("bot").addHandler(self.accidents)
        self.run(self.open(windows, lag, created))
        for failure in failures:
            self.fail(failure)
        self.run(self.ask(request))

    async def open(self, windows: Windows, lag: int, created: Created) -> None:
        opened = open_world(Path(self.folder.name), socket_mode=False, **self.database())
        self.world: World = await self.stack.enter_async_context(opened)
        registry = self.world.registry
        registry.switches.windows, registry.switches.created, registry.lag_seconds = windows, created, lag
        registry.switches.poll_retry_after = "5"  # a poll each second would be most of the work
        for name in PACKAGES:
            registry.add_package(SeedPackage(name, ("otto-npm", "olga-npm"), "acme/new"))
            registry.add_configuration(name, "github", OLD_CLAIMS)
        for owner in OWNERS:
            registry.state.accounts[owner.npm_user].email = owner.email
            await self.person(owner).links_account()

    def person(self, character: Character) -> Actor:
        return self.world.person(character)

    def are_open(self, state: State) -> bool:
        """Tell whether a step is in that state."""
        return any(step.state is state for step in self.open_steps)

    # People ask and decide

    @precondition(lambda self: len(self.open_steps) < MOST_OPEN)
    @rule(request=REQUESTS)
    def somebody_asks(self, request: Request) -> None:
        self.run(self.ask(request))

    async def ask(self, request: Request) -> None:
        """Let somebody ask, and the approver see what there is to do; nobody approves what they asked for."""
        asks = REQUESTER if request.by is request.approver else request.by
        chosen = self.choose_record(request.packages[0], request.which)
        await self.person(asks).says(request.line(chosen))
        await self.decide(request.approver)

    @precondition(lambda self: self.are_open(State.IN_REVIEW))
    @rule(who=PEOPLE)
    def approve(self, who: Character) -> None:
        self.run(self.decide(who))

    async def decide(self, who: Character) -> None:
        """Look at what must be looked at, and approve what can be approved: the newest of each."""
        if await self.press(who, "Look"):
            await self.answer_npm(who, remember=True)
        if any("2 configurations match" in str(step.row.facts) for step in self.open_steps):
            await self.press(who, "Details")
            await self.press(who, "Choose")
        await self.press(who, "Approve")

    @precondition(lambda self: self.open_steps)
    @rule(who=PEOPLE, label=st.sampled_from(COURSES))
    def change_the_course(self, who: Character, label: str) -> None:
        self.run(self.press(who, label))

    # Calls that take their time

    @precondition(lambda self: self.open_steps)
    @rule(method=st.sampled_from(("POST", "DELETE", "GET")), who=PEOPLE, meanwhile=st.sampled_from(MEANWHILE))
    def a_call_stalls(self, method: str, who: Character, meanwhile: str) -> None:
        self.run(self.stall(method, who, meanwhile))

    async def stall(self, method: str, who: Character, meanwhile: str) -> None:
        """Let npm act on the next such call and not answer before something else has happened."""
        registry = self.world.registry
        registry.hold_answer_of_next(method)
        acting = asyncio.create_task(self.go_on(who))
        held = asyncio.create_task(registry.wait_until_held())
        await asyncio.wait({acting, held}, return_when=asyncio.FIRST_COMPLETED)
        if held.done() and meanwhile == "the process dies":
            acting.cancel()
            await asyncio.wait({acting})
            registry.release()
            await self.world.restart_bot()
        elif held.done():
            if meanwhile:
                await self.press(who, meanwhile)
            registry.release()
            await acting
        else:
            held.cancel()
            registry.release()
            await acting
        await self.world.settle()

    async def go_on(self, who: Character) -> None:
        """Do what leads to a call, if anything does."""
        await self.one_answers_npm(who, remember=True)
        await self.world.advance(minutes=3)

    # People and npm's links

    @precondition(lambda self: self.are_open(State.WAITING))
    @rule(who=PEOPLE)
    def confirm_and_tick_the_box(self, who: Character) -> None:
        self.run(self.one_answers_npm(who, remember=True))

    @precondition(lambda self: self.are_open(State.WAITING))
    @rule(who=PEOPLE, remember=st.booleans())
    def confirm(self, who: Character, *, remember: bool) -> None:
        self.run(self.one_answers_npm(who, remember=remember))

    async def one_answers_npm(self, who: Character, *, remember: bool) -> None:
        """Let one person do what npm waits for; another one, where nothing waits for the first."""
        ordered = (who, *(owner for owner in OWNERS if owner is not who))
        for owner in ordered:
            if self.person(owner).links() or self.person(owner).sees_button("I'm ready", "dm"):
                await self.answer_npm(owner, remember=remember)
                return

    async def answer_npm(self, who: Character, *, remember: bool) -> None:
        """Follow the newest link there is; where none is, say that they are ready for one."""
        actor = self.person(who)
        if self.runs and actor.sees_button("Run them", "dm"):
            await self.run_by_hand(self.runs, tells=True)
        if not actor.links():
            await self.press(who, "I'm ready", "dm")
        if not actor.links():
            return
        if "/login/" in actor.link():
            await actor.logs_in()
        if actor.links() and "/auth/" in actor.link():
            await actor.confirms(remember=remember)

    @precondition(lambda self: self.are_open(State.WAITING))
    @rule(who=PEOPLE, later=st.booleans())
    def turn_away(self, who: Character, *, later: bool) -> None:
        self.run(self.leave(who, later=later))

    async def leave(self, who: Character, *, later: bool) -> None:
        if later:
            await self.press(who, "Later", "dm")
        elif links := self.person(who).links():
            self.world.registry.refuse(links[-1])
            await self.world.settle()

    @precondition(lambda self: self.are_open(State.WAITING) and self.world.registry.switches.windows is not Windows.ALL)
    @rule(which=st.integers(0, 7), tells=st.booleans())
    def use_a_terminal(self, which: int, *, tells: bool) -> None:
        self.run(self.run_by_hand(which, tells=tells))

    async def run_by_hand(self, which: int, *, tells: bool) -> None:
        """Take the lines, run those of some packages, and tell, or forget to."""
        for owner in OWNERS:
            await self.press(owner, "Run them in my terminal", "dm")
            for step in await read_truths(self.world, self.terminals):
                is_theirs = step.row.waits_for == WaitFor.TERMINAL and step.row.executor == owner.slack_id
                if is_theirs and which & (1 << PACKAGES.index(step.row.package)):
                    self.run_line(step)
            if tells:
                await self.press(owner, "I ran it", "dm")

    def run_line(self, step: StepTruth) -> None:
        package, operation = step.row.package, step.operation
        if isinstance(operation, Revoke):
            gone = revoked_id_of(operation)
            if self.world.registry.remove_configuration(package, gone):
                self.terminals.revoked.setdefault(step.row.id, []).append(gone)
        elif isinstance(operation, Create):
            claims = operation.publisher.to_claims()
            permissions = tuple(permission.value for permission in operation.permissions)
            if record := self.make(package, claims, permissions):
                self.terminals.made.setdefault(step.row.id, []).append(made_by_hand(record))

    async def press(self, who: Character, label: str, channel: str = "") -> bool:
        """Press the newest such button, if there is one."""
        actor = self.person(who)
        try:
            await (actor.clicks(label, channel) if channel else actor.clicks(label))
        except LookupError:
            return False
        if label in FORMS and actor.reads_form() and await actor.submits(**FORMS[label]):
            await actor.closes_form()
        return True

    # What happens behind everybody's back

    @rule(package=st.sampled_from(PACKAGES), which=NUMBERS, wanted=st.none() | WANTED)
    def somebody_else_changes_it(self, package: str, which: int, wanted: Wanted | None) -> None:
        standing = self.world.registry.state.standing(package)
        if wanted:
            self.make(package, wanted.claims, wanted.permissions)
        elif standing:
            self.world.registry.remove_configuration(package, standing[which % len(standing)].id)

    def make(self, package: str, claims: dict[str, Any], permissions: tuple[str, ...]) -> TrustRecord | None:
        """Make a configuration by hand, where npm would."""
        state = self.world.registry.state
        if any(overlap(record.claims, claims) for record in state.standing(package)):
            return None
        return state.add_configuration(package, "github", claims, permissions)

    def choose_record(self, package: str, which: int) -> TrustRecord:
        """Choose any that ever stood; the newest first."""
        records = self.world.registry.state.packages[package].records
        return records[-1 - which % len(records)]

    # What fails

    @precondition(lambda self: self.open_steps)
    @rule(failure=FAILURES)
    def something_fails(self, failure: Failure) -> None:
        self.fail(failure)

    def fail(self, failure: Failure) -> None:
        self.world.registry.fail(failure.fault, method=failure.method, when=failure.when, path=failure.path)

    @precondition(lambda self: self.open_steps)
    @rule(span=SPANS)
    def let_time_pass(self, span: dict[str, float]) -> None:
        self.run(self.world.advance(**span))

    @precondition(lambda self: self.open_steps)
    @rule(what=st.sampled_from(("restart", "sessions", "away")), span=SPANS)
    def upset(self, what: str, span: dict[str, float]) -> None:
        match what:
            case "restart":
                self.run(self.world.restart_bot())
            case "sessions":
                self.world.registry.state.sessions.clear()
            case _:
                self.run(self.be_away(span))

    async def be_away(self, span: dict[str, float]) -> None:
        await self.world.registry.stop()
        await self.world.advance(**span)
        await self.world.registry.start()
        await self.world.advance(minutes=1)

    # The end

    def teardown(self) -> None:
        try:
            if self.is_sound and hasattr(self, "world"):
                self.run(self.end())
                self.count(self.runner.run(self.look()))
        finally:
            logging.getLogger("bot").removeHandler(self.accidents)
            self.runner.run(self.stack.aclose())
            self.runner.close()
            self.folder.cleanup()

    async def end(self) -> None:
        """Nothing fails any more. Everybody helps, and all that was approved ends; or nobody does, and it ends too."""
        self.world.registry.forget_faults()
        if self.comes:
            await self.finish()
        for _ in range(3):
            await self.world.advance(days=2)
        unfinished = [str(step) for step in await self.look() if step.state in OPEN_STATES]
        assert not unfinished, "it never ends:\n" + "\n".join(unfinished)

    async def finish(self) -> None:
        for _ in range(ROUNDS):
            steps = [step for step in await self.look() if step.state in OPEN_STATES - {State.IN_REVIEW}]
            if not steps:
                return
            for owner in OWNERS:
                await self.press(owner, "Resume")
                await self.press(owner, "I ran it", "dm")
                await self.answer_npm(owner, remember=True)
            if any(step.row.waits_for == WaitFor.ACCOUNT for step in steps):
                for owner in OWNERS:
                    await self.press(owner, "Run with my account")
            await self.world.advance(minutes=3)
        raise AssertionError("with everybody's help it does not end:\n" + "\n".join(map(str, steps)))

    def count(self, steps: list[StepTruth]) -> None:
        self.tally.worlds += 1
        self.tally.ends.update((step.plan, step.state) for step in steps)
        self.tally.by_hand += sum(len(made) for made in self.terminals.made.values())
        self.tally.by_hand += sum(len(gone) for gone in self.terminals.revoked.values())
        self.tally.creates += len(self.world.registry.accepted_creates)
        self.tally.lost += sum(call.note.startswith("acted") for call in self.world.trust_calls())
