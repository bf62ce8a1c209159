"""A morning of a team that meets most of what the bot does: a login, an approval with a window, a create, a revoke that
has to be looked at first, a batch of three, a digest. Whatever dies meanwhile, the people do what the messages ask for,
and do it again only where Slack itself told them that it failed, or where a form did not open.
"""

import asyncio
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from datetime import timedelta

from bot.sandbox.cast import GENERAL, OWNER, REQUESTER, SeedPackage
from bot.sandbox.slack_state import SlackMessage
from tests.patience import PATIENCE
from tests.scenarios.child import Child, find_button

PACKAGES = ("@acme/ui", "@mass/one", "@mass/two", "@mass/three")
COMMANDS = (
    (OWNER, "login"),
    (REQUESTER, "watch @acme/* --cron '0 * * * *'"),
    (REQUESTER, "github @acme/ui --repo acme/ui --file release.yml --allow-publish"),
    (REQUESTER, "revoke @acme/core --from-repo acme/core"),
    (REQUESTER, "github @mass/* --file batch.yml --allow-publish"),
)
OUTCOMES = (
    "@acme/ui now trusts acme/ui → release.yml",
    "for acme/core is revoked",
    "@mass/one now trusts acme/ui → batch.yml",
    "@mass/two now trusts acme/ui → batch.yml",
    "@mass/three now trusts acme/ui → batch.yml",
)
DIGEST = "Digest of"
BEFORE_THE_DIGEST = timedelta(seconds=2)
LOOKS_EVERY = 0.3
"""Seconds; what is done in the database alone tells nobody."""
RESTS_AFTER = 1.5
"""Seconds without anything, after which nothing but time is missing: the claim of a process that died runs out, say."""
A_WHILE = 300.0
FORM_SECONDS = 1.0
"""After so long without a form its button is pressed again."""


class Story:
    """The people, and what they have done."""

    def __init__(self, child: Child, *, patience: float = PATIENCE) -> None:
        self.child, self._patience = child, patience
        self._done: set[str] = set()

    async def live(self) -> None:
        """Live through it, to its end."""
        for name in PACKAGES[1:]:
            self.child.registry.add_package(SeedPackage(name, (OWNER.npm_user,), "acme/ui"))
        try:
            async with asyncio.timeout(self._patience):
                for person, line in COMMANDS:
                    await self.child.says(person.slack_id, line)
                while not self._is_over(OUTCOMES):
                    if not await self._react():
                        await self.child.next_change(within=LOOKS_EVERY)
                await self._sleep_until_the_digest()
                while not self._is_over((*OUTCOMES, DIGEST)):
                    if not await self.child.next_change(within=RESTS_AFTER):
                        await self.child.sleep_over(A_WHILE)
        except TimeoutError as err:  # its cause tells what was waited for
            raise AssertionError(f"it did not come to an end:\n{self._describe()}") from err

    def _describe(self) -> str:
        """Tell what everybody sees, and what these people have done about it, for a failed test."""
        state = f"alive: {self.child.is_alive}, deliveries: {dict(self.child.inbox())}, form: {self._form()}"
        return "\n".join([self.child.describe(), "", state, *sorted(self._done)])

    def _form(self) -> str:
        view = self.child.slack.view(OWNER.slack_id)
        return f"{view['title']['text']}, {view.get('callback_id')}" if view else "none"

    def check(self) -> None:
        """See that all that was acked is done, npm accepted each call once, and what is told is so."""
        registry = self.child.registry
        assert self.child.is_all_done()
        assert Counter(create.package for create in registry.accepted_creates) == Counter(PACKAGES)
        assert [len(registry.configurations(name)) for name in (*PACKAGES, "@acme/core")] == [1, 1, 1, 1, 0]
        with closing(sqlite3.connect(self.child.folder / "npmtrust.sqlite3")) as database:
            states = {state for (state,) in database.execute("SELECT state FROM steps")}
            sets = database.execute("SELECT count(*) FROM change_sets").fetchone()
            unfinished = database.execute("SELECT count(*) FROM attempts WHERE finished_at IS NULL").fetchone()
        assert states <= {"applied", "already_gone"}  # a revoke whose answer was lost
        assert (*sets, *unfinished) == (3, 0)

    async def _sleep_until_the_digest(self) -> None:
        now = self.child.clock.now()
        hour = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        await self.child.sleep_over((hour - now - BEFORE_THE_DIGEST).total_seconds())

    def _is_over(self, outcomes: Iterable[str]) -> bool:
        told = "\n".join(map(self.child.slack.text_of, self.child.messages(GENERAL[0])))
        is_told = all(outcome in told.replace("*", "") for outcome in outcomes)
        return is_told and self._find_link() is None and self.child.is_all_done()

    async def _react(self) -> bool:
        """Do the next thing that a message asks for; False when there is none."""
        if link := self._find_link():
            self._done.add(link)
            registry = self.child.registry
            if "/login/" in link:
                registry.log_in(link, OWNER.npm_user)
            else:
                registry.confirm(link, OWNER.npm_user, remember=True)
            return True
        dms = [self.child.slack.dm(person.slack_id) for person in (OWNER, REQUESTER)]
        for person, place, action in (
            (OWNER, dms[0], "handoff_ready"),
            (REQUESTER, dms[1], "batch_ask"),
            *(((OWNER, GENERAL[0], "look"), (OWNER, GENERAL[0], "approve")) if self._is_linked() else ()),
        ):
            for message in self._newest_first(place, person.slack_id):
                button = find_button(message, action)
                if button and f"{message.ts} {action}" not in self._done:
                    await self.child.presses(person.slack_id, message, button["action_id"])
                    if "Approve…" not in str(button["text"]) or await self._decides(person.slack_id):
                        self._done.add(f"{message.ts} {action}")
                    return True
        return False

    def _is_linked(self) -> bool:
        return any("is npm user" in self.child.slack.text_of(message) for message in self.child.messages(GENERAL[0]))

    async def _decides(self, user: str) -> bool:
        """Wait for the form that opens, and send it; False when none did, or the bot did not take it."""
        try:
            async with asyncio.timeout(FORM_SECONDS):
                while self.child.slack.view(user) is None:
                    await self.child.next_change()
        except TimeoutError:
            return False
        return await self.child.submits(user)

    def _newest_first(self, place: str, user: str) -> list[SlackMessage]:
        """List the messages of a place; of those that stand twice, since the bot died over it, the newer ones."""
        newest: dict[str, SlackMessage] = {}
        for message in self.child.slack.messages(place, user):
            number = re.search(r"\bC-\d+$", self.child.slack.text_of(message), re.MULTILINE)
            newest[number[0] if number and find_button(message, "details") else message.ts] = message
        return [*reversed(newest.values())]

    def _find_link(self) -> str | None:
        for message in reversed(self.child.messages(self.child.slack.dm(OWNER.slack_id))):
            link = find_button(message, "open_npm")
            if link and link["url"] not in self._done:
                return str(link["url"])
        return None
