"""Who may see what: private packages, and configurations that were read."""

from bot.domain.approval import reviewers_of
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.authorise import load_all_step_facts, load_directory
from storage.models import ChangeSetRow
from storage.store import Store


def can_write(store: Store, slack_user: str, maintainers: tuple[str, ...]) -> bool:
    """Tell whether a person's proven npm account maintains a package."""
    link = store.links.find_linked(slack_user)
    return link is not None and link.npm_user in maintainers


def may_see(services: Services, store: Store, row: ChangeSetRow, slack_user: str, channel: str) -> bool:
    """A private package's name is seen where it was staged, by who asks, who reviews, and who can write to it."""
    if not row.private or slack_user == row.requester or channel == row.channel:
        return True
    directory = load_directory(services, store)
    steps = store.change_sets.load_steps(row.id)
    rules = load_all_step_facts(services, store, row, steps)
    link = store.links.find_linked(slack_user)
    npm_user = link.npm_user if link else ""
    return all(
        slack_user in reviewers_of(rules[step.id], directory).people
        or (bool(npm_user) and npm_user in transitions.facts_of(step).maintainers)
        for step in steps
    )
