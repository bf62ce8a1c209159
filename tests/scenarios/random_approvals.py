"""People click at random at two processes on one database, while the policy, the people and the owners change.

What holds is looked at from outside: of each create that npm accepted, the stored approvals are laid beside what was
the policy, who was where and who owned the package at that time, as this model has noted it down.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bot.domain.operations import body_of
from bot.sandbox.cast import ADMINS, GENERAL, OWNER, PEOPLE, REQUESTER, SECOND_OWNER, STRANGER, Character, SeedPackage
from bot.sandbox.registry_catalogue import AcceptedCreate, fingerprint_of
from bot.sandbox.world import World, open_world
from bot.workflow.authorise import OPERATION
from storage.models import AttemptRow, ChangeSetRow, DecisionRow, StepRow
from tests.scenarios.policies import OWNERS, TEAM, change_policy

Settings: TypeAlias = Callable[[], dict[str, str]]

PACKAGE = "@acme/random"
BOTH = ("otto-npm", "olga-npm")
BY_TEAM = OWNERS.replace('"maintainers"', f'"{TEAM}"')
POLICIES = {
    "one owner": (1, OWNERS),
    "two owners": (2, OWNERS.replace("quorum = 1", "quorum = 2")),
    "one of the team": (1, BY_TEAM),
    "two of the team": (2, BY_TEAM.replace("quorum = 1", "quorum = 2")),
}
WISHES = ("approve", "approve", "approve", "reject", "withdraw", "cancel", "run_with_my_account", "look", "resume")
MEANWHILE = ("", "", "the team changes", "somebody leaves", "owners change", "withdrawn", *sorted(POLICIES))
YOUNG = timedelta(seconds=45)
"""So old what Slack and the policy file say may be at a call."""
OWNERS_YOUNG = timedelta(minutes=5, seconds=15)
"""And so old what npm says of the owners."""


class History:
    """What was so, and since when."""

    def __init__(self, at: datetime, value: object) -> None:
        self.values = [(at, value)]

    def now(self, at: datetime, value: object) -> None:
        """Note a change."""
        self.values.append((at, value))

    def within(self, at: datetime, back: timedelta) -> list[Any]:
        """List what was so at any time from `back` before a moment to it."""
        ends = [since for since, _ in self.values[1:]] + [datetime.max.replace(tzinfo=at.tzinfo)]
        return [
            value for (since, value), end in zip(self.values, ends, strict=True) if since <= at and end >= at - back
        ]


class RandomApprovals(RuleBasedStateMachine):
    """One world; each rule is an act of somebody's."""

    def __init__(self, database: Settings) -> None:
        super().__init__()
        self.database = database
        self.runner, self.stack = asyncio.Runner(), AsyncExitStack()
        self.folder = TemporaryDirectory(prefix="npmtrust-approvals-")
        self.asked, self.looked_at = 0, 0
        self.values: list[str] = []
        """Of buttons, oldest first: old ones are pressed too."""

    def run(self, act: Coroutine[Any, Any, object]) -> None:
        self.runner.run(act)
        self.runner.run(self.look())

    @initialize(policy=st.sampled_from(sorted(POLICIES)))
    def begin(self, policy: str) -> None:
        self.runner.run(self.open(policy))
        self.story(first=OWNER, second=SECOND_OWNER, process=1, meanwhile="")

    async def open(self, policy: str) -> None:
        folder = Path(self.folder.name)
        (folder / "policy.toml").write_text(POLICIES[policy][1])
        settings = {"NPMTRUST_POLICY_FILE": str(folder / "policy.toml"), **self.database()}
        self.world: World = await self.stack.enter_async_context(open_world(folder, socket_mode=False, **settings))
        world = self.world
        await world.start_second_bot()
        world.registry.add_package(SeedPackage(PACKAGE, BOTH, "acme/random"))
        world.slack.workspace.groups[TEAM] = {STRANGER.slack_id, SECOND_OWNER.slack_id}
        for owner in ADMINS:
            world.registry.state.accounts[owner.npm_user].email = owner.email
            await world.person(owner).links_account()
        now = world.clock.now()
        self.policy = History(now, policy)
        self.owners = History(now, frozenset(BOTH))
        self.team = History(now, frozenset(world.slack.workspace.groups[TEAM]))
        self.active = {person.slack_id: History(now, value=True) for person in PEOPLE}
        self.linked = {owner.slack_id: History(now, owner.npm_user) for owner in ADMINS}

    # What people do

    @rule(by=st.sampled_from([REQUESTER, OWNER]))
    def ask(self, by: Character) -> None:
        self.asked += 1
        line = f"github {PACKAGE} --repo acme/random --file file-{self.asked}.yml --allow-publish"
        self.run(self.world.person(by).says(line))
        self.note_values()

    def note_values(self) -> None:
        try:
            value = self.world.person(STRANGER).value_of("Details")
        except LookupError:
            return
        self.values += [value] if value not in self.values else []

    @rule(
        who=st.sampled_from([OWNER, SECOND_OWNER, STRANGER, REQUESTER]),
        wish=st.sampled_from(WISHES),
        back=st.sampled_from((0, 0, 0, 1, 2)),
        process=st.sampled_from((0, 1)),
    )
    def press(self, who: Character, wish: str, back: int, process: int) -> None:
        self.note_values()
        if self.values:
            self.run(self.click(who, wish, self.values[max(0, len(self.values) - 1 - back)], process))

    async def click(self, who: Character, wish: str, value: str, process: int) -> None:
        self.world.slack.events_url = self.world.events_urls()[process]
        actor = self.world.person(who)
        shown = [message for message in actor.messages() if not message.ephemeral and message.blocks]
        await self.world.slack.click(who.slack_id, GENERAL[0], shown[-1].ts, wish, value=value)
        await self.world.settle()
        if "reason" in actor.reads_form().lower():
            await actor.submits(reason="no")

    @rule(who=st.sampled_from(ADMINS), remember=st.booleans())
    def answer_npm(self, who: Character, *, remember: bool) -> None:
        self.run(self.follow_link(who, remember=remember))

    async def follow_link(self, who: Character, *, remember: bool) -> None:
        actor = self.world.person(who)
        if not actor.links():
            if actor.sees_button("I'm ready", "dm"):
                await actor.clicks("I'm ready", "dm")
            return
        is_login = "/login/" in actor.link()
        if is_login:
            await actor.logs_in()
            self.linked[who.slack_id].now(self.world.clock.now(), who.npm_user)
        else:
            await actor.confirms(remember=remember)

    @rule(who=st.sampled_from(ADMINS))
    def log_out(self, who: Character) -> None:
        self.run(self.world.person(who).says("logout"))
        self.linked[who.slack_id].now(self.world.clock.now(), "")

    @rule(who=st.sampled_from(ADMINS))
    def log_in(self, who: Character) -> None:
        self.run(self.world.person(who).says("login"))

    @rule(
        first=st.sampled_from([OWNER, STRANGER]),
        second=st.sampled_from([SECOND_OWNER, STRANGER, OWNER]),
        process=st.sampled_from((0, 1)),
        meanwhile=st.sampled_from(MEANWHILE),
    )
    def story(self, first: Character, second: Character, process: int, meanwhile: str) -> None:
        """What people are here for: somebody asks, two decide, something happens, and whose account it is confirms."""
        self.ask(REQUESTER)
        self.press(first, "approve", 0, process)
        self.press(second, "approve", 0, 1 - process)
        match meanwhile:
            case "the team changes":
                self.change_team(STRANGER)
            case "somebody leaves":
                self.leave_or_come_back(SECOND_OWNER)
            case "owners change":
                self.change_owners(("olga-npm",) if self.owners.values[-1][1] == frozenset(BOTH) else BOTH)
                self.time_passes(6)
            case "withdrawn":
                self.press(first, "withdraw", 0, process)
            case "":
                pass
            case _:
                self.change_policy(meanwhile)
        for owner in ADMINS:
            self.press(owner, "run_with_my_account", 0, process)
            self.answer_npm(owner, remember=False)

    # What changes around them

    @rule(policy=st.sampled_from(sorted(POLICIES)))
    def change_policy(self, policy: str) -> None:
        self.policy.now(self.world.clock.now(), policy)
        self.run(change_policy(self.world, POLICIES[policy][1]))

    @rule(who=st.sampled_from([SECOND_OWNER, STRANGER]))
    def change_team(self, who: Character) -> None:
        group = self.world.slack.workspace.groups[TEAM]
        group.symmetric_difference_update({who.slack_id})
        self.team.now(self.world.clock.now(), frozenset(group))
        self.run(self.world.settle())

    @rule(who=st.sampled_from([SECOND_OWNER, STRANGER]))
    def leave_or_come_back(self, who: Character) -> None:
        person = self.world.slack.workspace.people[who.slack_id]
        person.deleted = not person.deleted
        self.active[who.slack_id].now(self.world.clock.now(), not person.deleted)
        self.run(self.world.settle())

    @rule(owners=st.sampled_from([BOTH, BOTH, ("otto-npm",), ("olga-npm",)]))
    def change_owners(self, owners: tuple[str, ...]) -> None:
        self.world.registry.add_package(SeedPackage(PACKAGE, owners, "acme/random"))
        self.owners.now(self.world.clock.now(), frozenset(owners))
        self.run(self.world.settle())

    @rule(minutes=st.sampled_from((1, 1, 6, 20, 75 * 60)))
    def time_passes(self, minutes: int) -> None:
        self.run(self.world.advance(minutes=minutes))

    # What must hold

    async def look(self) -> None:
        accepted = self.world.registry.accepted_creates
        for create in accepted[self.looked_at :]:
            assert self.world.app
            flaw = await self.world.app.services.database.call(partial(self.find_flaw, create))
            assert not flaw, flaw
        self.looked_at = len(accepted)

    def find_flaw(self, create: AcceptedCreate, engine: Engine) -> str:
        """Tell what an accepted create lacks; empty: nothing."""
        with Session(engine) as session:
            return self.find_flaw_in(session, create)

    def find_flaw_in(self, session: Session, create: AcceptedCreate) -> str:
        made = [
            attempt
            for attempt in session.query(AttemptRow).where(AttemptRow.call == "create", AttemptRow.step_id.is_not(None))
            if attempt.npm_user == create.npm_user and attempt.started_at <= create.at <= attempt.deadline
        ]
        for attempt in made:
            step = session.get_one(StepRow, attempt.step_id)
            change_set = session.get_one(ChangeSetRow, step.change_set_id)
            operation = OPERATION.validate_json(step.operation)
            [body] = body_of(operation.publisher, operation.permissions)  # type: ignore[union-attr]  # creates alone
            content = fingerprint_of(body["type"], body["claims"], body["permissions"])
            if step.package != create.package or content != create.fingerprint:
                continue
            if change_set.deadline <= attempt.started_at:
                return f"C-{change_set.number} had expired"
            decided = session.query(DecisionRow).where(DecisionRow.step_id == step.id, DecisionRow.approved)
            return self.judge(change_set, step, attempt, list(decided))
        return f"nobody asked for {json.dumps(create.package)} as it was made"

    def judge(self, change_set: ChangeSetRow, step: StepRow, attempt: AttemptRow, decided: list[DecisionRow]) -> str:
        at = attempt.started_at
        stood: defaultdict[str, DecisionRow] = defaultdict()
        for row in decided:
            if row.fingerprint == step.fingerprint and row.at <= at and (row.void_at is None or row.void_at > at):
                stood[row.slack_user] = row
        for policy in self.policy.within(at, YOUNG):
            quorum, text = POLICIES[policy]
            people = {
                person
                for person in stood
                if person != change_set.requester and self.is_reviewer(person, at, by_team=TEAM in text)
            }
            if len(people) >= quorum:
                return ""
        return f"C-{change_set.number} ran with the approvals of {sorted(stood)} under {self.policy.within(at, YOUNG)}"

    def is_reviewer(self, person: str, at: datetime, *, by_team: bool) -> bool:
        if True not in self.active[person].within(at, YOUNG):
            return False
        if by_team:
            return any(person in team for team in self.team.within(at, YOUNG))
        names = self.linked[person].within(at, YOUNG) if person in self.linked else []
        return any(name in owners for name in names for owners in self.owners.within(at, OWNERS_YOUNG))

    def teardown(self) -> None:
        self.runner.run(self.stack.aclose())
        self.runner.close()
        self.folder.cleanup()
