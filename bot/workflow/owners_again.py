"""The owners of a package, read again before the first call of a step: its approval rests on them.

A transaction waits for nobody, so the lane asks for it (`before_call.want_owners`), and the worker "people" asks npm.
What is wanted is held in memory alone: the lane looks again, in whatever process it goes on, and wants it anew.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import partial

from bot.domain.evidence import PackageFacts
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.owners import ask_owners, close_links_of_left, compare_owners
from bot.workflow.readings import Reading
from storage.account_models import LinkRow
from storage.store import Store

_SECONDS = 5.0
"""How long a call waits for it. Where npm does not tell, what was seen stands: it refuses who cannot write."""


async def reread(services: Services) -> bool:
    """Ask npm for the owners that calls wait for; False when there are none to ask for."""
    wanted = frozenset(services.owners_wanted)
    services.owners_wanted.clear()
    if not wanted:
        return False
    for link, packages in await services.database.run(lambda store: _sort(store, wanted)):
        found = await ask_owners(services, packages, link, within=_SECONDS)
        await services.database.run(partial(_compare, services, packages, found))
    await services.database.run(lambda store: _note_asked(services, store, wanted))
    return True


def _compare(services: Services, packages: Iterable[str], found: Mapping[str, PackageFacts], store: Store) -> None:
    steps = [step for package in packages for step in store.change_sets.list_open_steps_of(package)]
    compare_owners(services, store, steps, found)


def _note_asked(services: Services, store: Store, wanted: Iterable[int]) -> None:
    """Whatever npm told, it is not asked again at once."""
    for step_id in wanted:
        transitions.update_progress(store.change_sets.load_step(step_id), owners_at=services.clock.now())


def _sort(store: Store, wanted: Iterable[int]) -> list[tuple[LinkRow | None, tuple[str, ...]]]:
    """Tell through whose account which packages are read: like is compared with like."""
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    links: dict[str, LinkRow | None] = {"": None}
    for step_id in sorted(wanted):
        step = store.change_sets.load_step(step_id)
        is_private = store.change_sets.load(step.change_set_id).private
        by = step.executor if is_private or transitions.facts_of(step).owners_are_collaborators else ""
        if by not in links:
            links[by] = store.links.find_linked(by)
        found[by][step.package] = None
    return [(links[by], tuple(packages)) for by, packages in found.items()]


def note_read(services: Services, store: Store, reading: Reading) -> None:
    """Public data was read: who is no maintainer any more, decides on nothing of the package any more."""
    left = set(reading.before.maintainers if reading.before else ()) - set(reading.after.maintainers)
    if reading.before is None or set(reading.before.maintainers) == set(reading.after.maintainers):
        return
    package = reading.row.name
    steps = store.change_sets.list_open_steps_of(package)
    compare_owners(services, store, steps, {package: reading.after}, left=left)
    close_links_of_left(services, store, package, left)
    services.bell.ring("lane", "surfaces")
