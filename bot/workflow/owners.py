"""Whether a package still has the owners that a request names: looked at again before an approval and before a call."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from bot.domain import step_events
from bot.domain.evidence import PackageFacts
from bot.domain.lifecycle import OPEN_STATES, State
from bot.domain.packages import PackageName
from bot.errors import RegistryError
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.link_account import close_link
from bot.workflow.packages import load_facts
from storage.account_models import LinkRow
from storage.models import StepRow
from storage.store import Store

_AT_ONCE = 8
SECONDS = 20.0
"""How long npm is asked about many packages before an approval; what it has not told by then stands as it was seen. The
approval itself needs time as well, of what one try of a delivery may take (`inbox.LONGEST_WORK`)."""


async def check_owners(services: Services, offer: str, slack_user: str, *, only: Collection[str] = ()) -> None:
    """Send steps back to review whose package has other maintainers by now, with the difference shown.

    Where npm does not tell, what staging saw stands: npm itself refuses the call of who cannot write.

    Args:
        services: What to ask npm with.
        offer: The value of a button of the change set.
        slack_user: Through whose account npm is asked, where one is linked.
        only: Of which packages; none: of all in review.
    """
    link, packages = await services.database.run(lambda store: _packages_in_review(store, offer, slack_user))
    wanted = [package for package in packages if not only or package in only]
    found = await ask_owners(services, wanted, link)
    if found:
        await services.database.run(lambda store: _compare(services, store, offer, found))


async def ask_owners(
    services: Services, packages: Iterable[str], link: LinkRow | None, *, within: float = SECONDS
) -> dict[str, PackageFacts]:
    """Ask npm about packages, several at once, until it cannot be reached or the time is over."""
    found: dict[str, PackageFacts] = {}
    left = iter(packages)

    async def ask_next() -> None:
        for package in left:
            try:
                facts = await load_facts(services, PackageName(package), link)
            except RegistryError:
                return
            if isinstance(facts, PackageFacts):
                found[facts.name] = facts

    try:
        async with asyncio.timeout(within):
            await asyncio.gather(*(ask_next() for _ in range(_AT_ONCE)))
    except TimeoutError:
        pass
    return found


def _packages_in_review(store: Store, offer: str, slack_user: str) -> tuple[LinkRow | None, tuple[str, ...]]:
    known = store.change_sets.find_offer(offer)
    steps = store.change_sets.load_steps(known.change_set_id) if known else []
    packages = (step.package for step in steps if step.state == State.IN_REVIEW.value)
    return store.links.find_linked(slack_user), tuple(dict.fromkeys(packages))


def _compare(services: Services, store: Store, offer: str, found: Mapping[str, PackageFacts]) -> None:
    known = store.change_sets.find_offer(offer)
    compare_owners(services, store, store.change_sets.load_steps(known.change_set_id) if known else [], found)


def compare_owners(
    services: Services,
    store: Store,
    steps: Iterable[StepRow],
    found: Mapping[str, PackageFacts],
    *,
    left: Collection[str] = (),
) -> list[StepRow]:
    """Send steps back to review whose package has other owners than was seen; what has begun is finished as approved.

    Args:
        services: Whose clock counts.
        store: Where they are.
        steps: Which.
        found: What npm tells of their packages now.
        left: npm users who were its maintainers in public data, and are not any more.

    Returns:
        Those that went back.
    """
    now = services.clock.now()
    told = [step for step in steps if step.package in found]
    for step in told:
        if found[step.package].owners_are_collaborators or not transitions.facts_of(step).owners_are_collaborators:
            transitions.update_progress(step, owners_at=now)
    seen = {step.id: _owners_now(step, found[step.package], left) for step in told}
    for step in told:
        if not step.policy or not _differs(step, seen[step.id]):  # nobody has decided, or it is no difference
            _learn(store, step, seen[step.id], now)
    changed = [step for step in told if _differs(step, seen[step.id])]
    moved = transitions.move_all(store, changed, step_events.Differs(), now=now)
    gone: dict[str, set[str]] = {}
    for step in moved:
        facts, owners = transitions.facts_of(step), seen[step.id].maintainers
        gone.setdefault(step.package, set()).update(set(facts.maintainers) - set(owners))
        before, after = ", ".join(facts.maintainers), ", ".join(owners) or "nobody"
        difference = f"npm's maintainers of {step.package} changed: before {before}; now {after}."
        is_told = seen[step.id].owners_are_collaborators
        update = {"maintainers": owners, "difference": difference, "owners_are_collaborators": is_told}
        step.facts = facts.model_copy(update=update).model_dump_json()
    for change_set_id in dict.fromkeys(step.change_set_id for step in moved):
        transitions.renew_offer(store, store.change_sets.load(change_set_id), now)
    for package, names in gone.items():
        close_links_of_left(services, store, package, names)
    return moved


def _owners_now(step: StepRow, found: PackageFacts, left: Collection[str]) -> PackageFacts:
    """Take who has left the public maintainers out of what an account was told before.

    They may still be in a team: the next account that looks is told so.
    """
    facts = transitions.facts_of(step)
    if not facts.owners_are_collaborators or found.owners_are_collaborators or not set(left) & set(facts.maintainers):
        return found
    owners = tuple(name for name in facts.maintainers if name not in left)
    return found.model_copy(update={"maintainers": owners, "owners_are_collaborators": True})


def close_links_of_left(services: Services, store: Store, package: str, names: Iterable[str]) -> None:
    """Close the link of who has left a package and maintains no other that is known here: it is good for nothing."""
    now = services.clock.now()
    store.flush()
    for name in sorted(names):
        link = store.links.find_npm_user(name)
        if link is None or store.packages.is_maintainer(name, but=package):
            continue
        if any(name in transitions.facts_of(row).maintainers for row in store.change_sets.list_steps(OPEN_STATES)):
            continue
        close_link(services, store, link, by=transitions.NPMTRUST, now=now)
        store.surfaces.want(f"link_left:{link.id}", channel=link.slack_user, now=now)


def _learn(store: Store, step: StepRow, found: PackageFacts, now: datetime) -> None:
    """Take over whom npm told an account, teams counted, where only the public data was known."""
    facts = transitions.facts_of(step)
    if found.owners_are_collaborators and not facts.owners_are_collaborators:
        update = {"maintainers": found.maintainers, "owners_are_collaborators": True}
        step.facts = facts.model_copy(update=update).model_dump_json()
        transitions.touch(store, step.change_set_id, now)


def _differs(step: StepRow, found: PackageFacts) -> bool:
    """Tell whether the owners changed. Public data and what npm tells an account are no news of each other.

    An account is told of teams as well; so it is a difference only that somebody whom the public saw cannot write.
    """
    facts = transitions.facts_of(step)
    if facts.owners_are_collaborators == found.owners_are_collaborators:
        return set(facts.maintainers) != set(found.maintainers)
    return found.owners_are_collaborators and not set(facts.maintainers) <= set(found.maintainers)
