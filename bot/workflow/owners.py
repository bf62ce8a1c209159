"""Whether a package still has the owners that a request names: looked at again before an approval counts."""

from functools import partial

from bot.domain.evidence import PackageFacts
from bot.domain.lifecycle import State
from bot.errors import RegistryError
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.packages import load_facts
from storage.account_models import LinkRow
from storage.store import Store


async def check_owners(services: Services, offer: str, slack_user: str) -> None:
    """Send steps back to review whose package has other maintainers by now, with the difference shown.

    Where npm does not tell, what staging saw stands: npm itself refuses the call of who cannot write.
    """
    link, packages = await services.database.run(lambda store: _packages_in_review(store, offer, slack_user))
    for package in packages:
        try:
            found = await load_facts(services, package, link)
        except RegistryError:
            return
        if isinstance(found, PackageFacts):
            await services.database.run(partial(_compare, services, offer, found))


def _packages_in_review(store: Store, offer: str, slack_user: str) -> tuple[LinkRow | None, tuple[str, ...]]:
    known = store.change_sets.find_offer(offer)
    steps = store.change_sets.load_steps(known.change_set_id) if known else []
    packages = (step.package for step in steps if step.state == State.IN_REVIEW.value)
    return store.links.find_linked(slack_user), tuple(dict.fromkeys(packages))


def _compare(services: Services, offer: str, found: PackageFacts, store: Store) -> None:
    known = store.change_sets.find_offer(offer)
    for step in store.change_sets.load_steps(known.change_set_id) if known else []:
        facts = transitions.facts_of(step)
        if step.package != found.name or set(facts.maintainers) == set(found.maintainers):
            continue
        step.facts = facts.model_copy(update={"maintainers": found.maintainers}).model_dump_json()
        before, now = ", ".join(facts.maintainers), ", ".join(found.maintainers) or "nobody"
        difference = f"npm's maintainers of {step.package} changed: before {before}; now {now}."
        if not transitions.set_difference(store, step, difference, services.clock.now()):
            step.facts = facts.model_dump_json()
