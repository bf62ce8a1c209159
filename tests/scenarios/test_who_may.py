"""Who may press what, and when: each role, action and state, with the reason that stands on record afterwards.

What an answer says is looked at elsewhere: here each press has one, and none that does not count leaves no trace.
"""

from collections.abc import Iterable
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from bot.domain.record import Scope
from bot.messages.ids import Action
from bot.sandbox.cast import GENERAL, OWNER, Character
from bot.sandbox.slack_state import Person
from bot.sandbox.world import Actor, World
from tests.scenarios.asking import link_olga, message_of, people, request_of
from tests.scenarios.policies import OWNERS, world_with_policy

pytestmark = pytest.mark.anyio

MEMBER, UNLINKED = "U0MEMBER", "U0UNLINKED"
TWO = OWNERS.replace("quorum = 1", "quorum = 2").replace('"maintainers"', f'"maintainers", "{MEMBER}"')
LINE = "github @acme/icons --repo acme/design --file release.yml --allow-publish"
PRESSED = (Action.APPROVE, Action.REJECT, Action.WITHDRAW, Action.RUN_WITH_MY_ACCOUNT, Action.CANCEL)
OUTSIDERS: dict[str, dict[str, bool | str]] = {
    "guest": {"is_restricted": True},
    "deactivated": {"deleted": True},
    "bot": {"is_bot": True},
    "other workspace": {"team": "T0OTHER"},
}


class Play:
    """The people of one world, and what became of their presses."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.value = ""
        """Of the buttons."""
        rita, otto, olga, sam = people(world)
        for name in (MEMBER, UNLINKED):
            world.slack.workspace.people[name] = Person(name, name.lower(), name.title())
            world.slack.workspace.channels[GENERAL[0]].members.add(name)
        member, unlinked = (
            Actor(world, Character(name, name.lower(), name.title(), "", "")) for name in (MEMBER, UNLINKED)
        )
        self.roles = {
            "requester": rita,
            "reviewer": olga,
            "quorum member": member,
            "admin": otto,
            "stranger": sam,
            "unlinked": unlinked,
            **dict.fromkeys(OUTSIDERS, sam),
        }

    async def all_press(self, *, but: Iterable[tuple[str, Action]] = (), roles: Iterable[str] = ()) -> str:
        """Let everybody press everything; tell the reasons on record, by role and in the order of `PRESSED`."""
        left_out, lines = set(but), []
        for role in roles or self.roles:
            actor = self.roles[role]
            person = self.world.slack.workspace.people[actor.id]
            for name, flag in OUTSIDERS.get(role, {}).items():
                setattr(person, name, flag)
            pressed = [action for action in PRESSED if (role, action) not in left_out]
            reasons = await self._press(actor, pressed)
            lines.append(f"{role}: " + " ".join(reasons.get(action, "-") for action in PRESSED))
            for name in OUTSIDERS.get(role, {}):
                setattr(person, name, "T0ACME" if name == "team" else False)
        return "\n".join(lines)

    async def _press(self, actor: Actor, pressed: list[Action]) -> dict[Action, str]:
        known, heard = await self._denials(actor), len(actor.messages())
        ts = message_of(self.world).ts
        for action in pressed:
            await self.world.slack.click(actor.id, GENERAL[0], ts, action, value=self.value)
        await self.world.settle()
        forms = 0
        if actor.reads_form():
            await actor.closes_form()
            forms = 1
        assert len(actor.messages()) - heard + forms == len(pressed), f"a press of {actor.id} got no answer"
        fresh = dict((await self._denials(actor))[len(known) :])
        return {action: fresh.get(action, "COUNTS") for action in pressed}

    async def _denials(self, actor: Actor) -> list[tuple[str, str]]:
        assert self.world.app
        rows = await self.world.app.services.database.run(
            lambda store: store.audit.list_newest(Scope(person=actor.id), limit=200)
        )
        denied = [row for row in rows if row.kind == "action.denied" and row.actor == actor.id]
        return [(str(row.data["action"]), str(row.data["why"])) for row in reversed(denied)]


async def test_every_press_of_every_role_in_every_state_is_answered_and_on_record(migrated: Path) -> None:
    async with world_with_policy(migrated, TWO, admins=OWNER.slack_id) as world:
        play = Play(world)
        rita, otto, olga, sam = people(world)
        await otto.links_account()
        await sam.links_account()
        await link_olga(world)
        await rita.says(LINE)
        play.value = rita.value_of("Details")
        ends = [(role, Action.CANCEL) for role in ("requester", "admin")]
        assert await play.all_press(but=ends) == snapshot("""\
requester: own_request own_request not_yours nothing_to_decide -
reviewer: COUNTS COUNTS COUNTS nothing_to_decide not_yours
quorum member: COUNTS COUNTS COUNTS nothing_to_decide not_yours
admin: not_a_reviewer not_a_reviewer not_yours nothing_to_decide -
stranger: not_a_reviewer not_a_reviewer not_yours nothing_to_decide not_yours
unlinked: not_linked not_linked not_yours nothing_to_decide not_yours
guest: guest guest not_yours nothing_to_decide guest
deactivated: not_active not_active not_yours nothing_to_decide not_active
bot: bot bot not_yours nothing_to_decide bot
other workspace: other_workspace other_workspace not_yours nothing_to_decide other_workspace\
""")
        await play.roles["quorum member"].clicks("Approve")
        await olga.clicks("Approve")
        assert "Waits for @olga to log in" in request_of(world)
        kept = [(role, Action.WITHDRAW) for role in ("reviewer", "quorum member")]
        insiders = [role for role in play.roles if role not in OUTSIDERS]
        assert await play.all_press(but=[*ends, *kept], roles=insiders) == snapshot("""\
requester: own_request decided not_yours own_request -
reviewer: COUNTS decided - COUNTS not_yours
quorum member: COUNTS decided - cannot_write not_yours
admin: not_a_reviewer decided not_yours not_a_reviewer -
stranger: not_linked decided not_yours not_linked not_yours
unlinked: not_linked decided not_yours not_linked not_yours\
""")
        await otto.clicks("Cancel")
        assert await play.all_press(roles=("requester", "reviewer", "stranger")) == snapshot("""\
requester: finished finished finished finished finished
reviewer: finished finished finished finished finished
stranger: finished finished finished finished finished\
""")
        assert not world.trust_calls()
