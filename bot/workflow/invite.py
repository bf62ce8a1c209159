"""Reviewers who do not see the channel of a request get it by DM."""

import logging

from bot.domain.approval import reviewers_of
from bot.domain.lifecycle import State
from bot.errors import SlackError
from bot.notifications import SlackRefused
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.authorise import load_all_step_facts, load_directory
from storage.store import Store

_LOG = logging.getLogger(__name__)


async def invite_reviewers(services: Services, change_set_id: int) -> None:
    """Send a change set to its reviewers outside of its channel, each once.

    Raises:
        SlackError: Slack does not say who is in the channel.
    """
    channel = (await services.database.run(lambda store: store.change_sets.load(change_set_id))).channel
    try:
        members = await services.notifier.list_members(channel)
    except SlackRefused:
        return  # Slack does not tell who sees the channel (a missing scope): nobody is bothered twice

    def work(store: Store) -> None:
        directory = load_directory(services, store)
        change_set = store.change_sets.load(change_set_id)
        steps = store.change_sets.load_steps(change_set_id)
        rules = load_all_step_facts(services, store, change_set, steps)
        reviewers = {person for facts in rules.values() for person in reviewers_of(facts, directory).people}
        for person in sorted(reviewers.difference(members)):
            key = f"review:{change_set_id}:{person}"
            if store.surfaces.find(key) is None:
                store.surfaces.want(key, channel=person, now=services.clock.now())

    await services.database.run(work)


async def invite_linked(services: Services, slack_user: str) -> None:
    """Send somebody whose account was just linked what they can review now; what cannot be sent is not tried again."""

    def find(store: Store) -> set[int]:
        link = store.links.find_linked(slack_user)
        return {
            row.change_set_id
            for row in store.change_sets.list_steps([State.IN_REVIEW])
            if link is not None and link.npm_user in transitions.facts_of(row).maintainers
        }

    try:
        for change_set_id in await services.database.run(find):
            await invite_reviewers(services, change_set_id)
    except SlackError as err:
        _LOG.warning("A new reviewer could not be asked: %s", err)
