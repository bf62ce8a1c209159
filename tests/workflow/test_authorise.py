"""The one place that asks the rules: it reads who somebody is, and what was decided, as they are now."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.domain.approval import Action, Approval, Denial, Directory, Person, Stake, StepFacts
from bot.domain.deliveries import ClickDelivery, CommandDelivery, SubmissionDelivery
from bot.domain.policy import NO_POLICY
from bot.notifications import SlackRefused
from bot.sandbox.cast import GENERAL, TEAM_ID
from bot.sandbox.world import World
from bot.services import Services
from bot.workflow.authorise import (
    authorise,
    load_all_step_facts,
    load_directory,
    load_person,
    load_step_facts,
    record_denial,
    record_futile,
)
from storage.account_models import LinkRow
from storage.store import Store
from tests.scenarios import stored
from tests.scenarios.asking import LINE, ask, people
from tests.scenarios.policies import change_policy, world_with_policy

pytestmark = pytest.mark.anyio

RULES = """
[[rule]]
packages = ["@acme/ui"]
reviewers = ["S0TEAM", "maintainers"]
quorum = 2
repositories = ["acme/ui"]
[[rule]]
packages = ["*", "!@acme/ui"]
reviewers = ["maintainers"]
quorum = 1
repositories = ["*"]
"""
TEAM = "S0TEAM"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def world(prepared_folder: Path) -> AsyncIterator[World]:
    async with world_with_policy(prepared_folder, RULES) as opened:
        opened.slack.workspace.groups[TEAM] = {"U0OLGA", "U0SAM"}
        yield opened


def services_of(world: World) -> Services:
    assert world.app is not None
    return world.app.services


async def test_a_person_is_who_slack_says_now(world: World) -> None:
    services, otto = services_of(world), world.slack.people["U0OTTO"]
    found = await load_person(services, "U0OTTO")
    assert (found.id, found.active, found.is_bot, found.is_guest, found.same_workspace) == (
        *("U0OTTO", True, False, False, True),
    )
    assert (found.name, found.email) == (otto.real_name, otto.email)
    assert found.timezone
    for attribute, told in (("deleted", "active"), ("is_bot", "is_bot"), ("is_restricted", "is_guest")):
        setattr(otto, attribute, True)
        assert getattr(await load_person(services, "U0OTTO"), told) is (told != "active"), attribute
        setattr(otto, attribute, False)
    otto.team = "T0ELSEWHERE"
    assert not (await load_person(services, "U0OTTO")).same_workspace
    otto.team, otto.real_name = TEAM_ID, ""
    assert await load_person(services, "U0OTTO") == found.model_copy(update={"name": otto.name})
    assert await load_person(services, "U0NOBODY") == Person(id="U0NOBODY", active=False)
    world.slack.fail_next("users.info", error="user_not_visible")
    assert await load_person(services, "U0OTTO") == Person(id="U0OTTO", active=False)
    world.slack.fail_next("users.info", error="team_access_not_granted")
    with pytest.raises(SlackRefused, match="team_access_not_granted"):
        await load_person(services, "U0OTTO")


async def test_the_directory_tells_links_admins_groups_and_who_has_left(world: World) -> None:
    _, otto, olga, _ = people(world)
    await otto.links_account()
    await olga.links_account()
    services = services_of(world)
    now = services.clock.now()

    def look(store: Store) -> tuple[Directory, Directory, Directory]:
        store.people.note_group(TEAM, frozenset({"U0SAM"}), now=now)
        store.people.note_group("S0UNREAD", None, problem="no answer", now=now)
        store.people.note("U0RITA", is_member=False, timezone="", now=now)
        always = load_directory(services, store)
        just_now = load_directory(services, store, groups_within=timedelta(0))
        store.people.note_group(TEAM, frozenset({"U0SAM"}), now=now - timedelta(seconds=11))
        return always, just_now, load_directory(services, store, groups_within=timedelta(seconds=10))

    always, just_now, too_old = await services.database.run(look)
    assert always == just_now
    assert always.npm_users == {"U0OTTO": "otto-npm"}
    assert always.pending == {"U0OLGA"}
    assert always.admins == {"U0OTTO", "U0OLGA"}
    assert always.gone == {"U0RITA"}
    assert always.groups == {TEAM: frozenset({"U0SAM"})}
    assert too_old.groups == {}


async def test_facts_are_what_was_decided_and_stands_now(world: World) -> None:
    rita, otto, _, sam = await ask(world)
    await rita.says("revoke @acme/core --from-repo acme/core")
    await sam.clicks("Approve", about="C-1")
    await otto.clicks("Approve", about="C-1")
    services = services_of(world)

    def look(store: Store) -> list[StepFacts]:
        found: list[StepFacts] = []
        for number in (1, 2):
            change_set = store.change_sets.find_number(number)
            assert change_set is not None
            steps = store.change_sets.load_steps(change_set.id)
            all_facts = load_all_step_facts(services, store, change_set, steps)
            assert all_facts == {step.id: load_step_facts(services, store, change_set, step) for step in steps}
            found += all_facts.values()
        return found

    create, _ = await services.database.run(look)
    approved = [Approval("U0SAM", create.fingerprint, ""), Approval("U0OTTO", create.fingerprint, "otto-npm")]
    assert sorted(create.approvals, key=lambda each: each.npm_user) == approved
    await otto.clicks("Withdraw", about="C-1")
    create, revoke = await services.database.run(look)
    assert (create.requester, create.maintainers) == ("U0RITA", ("otto-npm", "olga-npm", "ana-npm"))
    assert create.approvals == (Approval("U0SAM", create.fingerprint, ""),)
    assert len(create.fingerprint) == 64
    assert (create.needs_look, create.executor, create.deadline_passed, create.is_forbidden, create.is_revoke) == (
        *(False, "U0OTTO", False, False, False),
    )
    assert create.policy.quorum == 2
    assert create.decided_under == create.policy.fingerprint
    assert (revoke.is_revoke, revoke.needs_look, revoke.decided_under, revoke.approvals) == (True, True, "", ())
    assert revoke.policy.quorum == 1
    now = services.clock.now()
    for deadline, has_passed in ((now, True), (now + timedelta(microseconds=1), False)):
        await services.database.run(partial(set_deadline, deadline))
        create, _ = await services.database.run(look)
        assert create.deadline_passed is has_passed
    await change_policy(world, RULES.replace('repositories = ["acme/ui"]', 'repositories = ["acme/x"]'))
    create, revoke = await services.database.run(look)
    assert (create.is_forbidden, revoke.is_forbidden) == (True, False)


def set_deadline(deadline: datetime, store: Store) -> None:
    store.change_sets.load(1).deadline = deadline


async def test_without_a_policy_nothing_is_forbidden(world: World) -> None:
    world.settings.pop("NPMTRUST_POLICY_FILE")
    await world.restart_bot()
    await ask(world)
    services = services_of(world)

    def look(store: Store) -> StepFacts:
        change_set = store.change_sets.load(1)
        return load_step_facts(services, store, change_set, store.change_sets.load_step(1))

    facts = await services.database.run(look)
    assert facts.policy is NO_POLICY
    assert not facts.is_forbidden


FACTS = StepFacts(requester="U0RITA", maintainers=("otto-npm",), fingerprint="f")
DIRECTORY = Directory(npm_users={"U0OTTO": "otto-npm", "U0SAM": "sam-npm"}, admins=frozenset({"U0ADMIN", "U0OLGA"}))


def link(state: str) -> LinkRow:
    return LinkRow(slack_user="U0OLGA", npm_user="olga-npm", state=state)


@pytest.mark.parametrize(
    ("action", "person", "facts", "denial"),
    [
        (Action.APPROVE, Person(id="U0OTTO"), FACTS, None),
        (Action.APPROVE, "U0OTTO", FACTS, None),
        (Action.APPROVE, Person(id="U0OTTO", active=False), FACTS, Denial.NOT_ACTIVE),
        (Action.APPROVE, Person(id="U0SAM"), FACTS, Denial.NOT_A_REVIEWER),
        (Action.APPROVE, "U0RITA", FACTS, Denial.OWN_REQUEST),
        (Action.STAGE, Person(id="U0SAM"), None, None),
        (Action.STAGE, Person(id="U0SAM", is_guest=True), None, Denial.GUEST),
        (Action.CONFIRM_LINK, Person(id="U0ADMIN"), link("pending"), None),
        (Action.CONFIRM_LINK, Person(id="U0OLGA"), link("pending"), Denial.OWN_LINK),
        (Action.CONFIRM_LINK, Person(id="U0SAM"), link("pending"), Denial.NOT_AN_ADMIN),
        (Action.CONFIRM_LINK, Person(id="U0ADMIN"), link("linked"), Denial.CHANGED),
        (Action.UNWATCH, Person(id="U0SAM"), Stake(set_by=("U0SAM",)), None),
        (Action.UNWATCH, Person(id="U0OTTO"), Stake(set_by=("U0SAM",)), Denial.NOT_YOURS),
    ],
)
def test_each_kind_of_thing_is_judged_by_its_rules(
    action: Action, person: Person | str, facts: StepFacts | Stake | LinkRow | None, denial: Denial | None
) -> None:
    assert authorise(action, person, facts, DIRECTORY) == denial


async def test_a_no_is_put_on_record(world: World) -> None:
    rita, *_ = people(world)
    await rita.says(LINE)
    services = services_of(world)
    click = ClickDelivery(user="U0SAM", channel=GENERAL[0], action="x" * 200, value="v")
    form = SubmissionDelivery(user="U0SAM", callback="reject", metadata="", values={})
    typed = CommandDelivery(user="U0SAM", channel=GENERAL[0], text="cancel C-1")

    def keep(store: Store) -> None:
        record_denial(services, store, "U0SAM", Action.CANCEL, Denial.NOT_YOURS, about="C-1")
        for delivery in (click, form, typed):
            record_futile(services, store, delivery, "late", 1)

    await services.database.run(keep)
    rows = await stored.rows(
        world, "SELECT kind, actor, change_set_id, data FROM audit_events ORDER BY id DESC LIMIT 4"
    )
    assert [row[:3] for row in rows] == [("action.denied", "U0SAM", 1)] * 3 + [("action.denied", "U0SAM", None)]
    shown = [str(row[3]) for row in rows]
    assert '"command"' in shown[0]
    assert '"reject"' in shown[1]
    assert f'"{"x" * 100}"' in shown[2]
    assert all('"late"' in each for each in shown[:3])
    assert '"cancel"' in shown[3]
    assert '"not_yours"' in shown[3]
    assert '"C-1"' in shown[3]
