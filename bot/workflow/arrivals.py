"""It works: the first version that came through a configuration that was set up here is announced."""

from bot.domain.coverage_views import ArrivalView
from bot.domain.events import AuditKind
from bot.domain.evidence import PackageFacts, SeenPublisher
from bot.services import Services
from bot.workflow.readings import Reading
from bot.workflow.transitions import NPMTRUST
from bot.workflow.two_days import show_round_again
from bot.workflow.views import package_url
from storage.set_ups import SetUp, target_of_made
from storage.store import Store


def note_read(services: Services, store: Store, reading: Reading) -> None:
    """Look whether a version has come through what was set up here, and announce it where it was asked for."""
    del services
    for made in store.packages.list_set_ups([reading.row.name]):
        seen = _find_seen(made, reading.after)
        if seen is None:
            continue
        arrival = store.arrivals.note_once(
            made.step_id,
            package=made.package,
            version=seen.first_version,
            published_at=seen.first_at,
            now=reading.now,
        )
        if arrival is None:
            continue
        store.audit.add(
            AuditKind.ARRIVED,
            actor=NPMTRUST,
            at=reading.now,
            change_set_id=made.change_set_id,
            step_id=made.step_id,
            package=made.package,
            version=seen.first_version,
        )
        show_round_again(store, made, reading.now)
        store.surfaces.want(f"arrival:{arrival.id}", channel=made.channel, now=reading.now)


def _find_seen(made: SetUp, facts: PackageFacts) -> SeenPublisher | None:
    """Find what came through a configuration, by npm's id of it: public data tells nothing else of it."""
    if not made.configuration_id:
        return None
    return next((seen for seen in facts.publishers if seen.configuration_id == made.configuration_id), None)


def arrival_view(services: Services, store: Store, arrival_id: int) -> ArrivalView | None:
    """Load what the announcement shows."""
    arrival = store.arrivals.load(arrival_id)
    if arrival is None:
        return None
    step = store.change_sets.load_step(arrival.step_id)
    change_set = store.change_sets.load(step.change_set_id)
    target = target_of_made(step)
    return ArrivalView(
        package=arrival.package,
        version=arrival.package_version,
        at=arrival.published_at,
        number=change_set.number,
        requester=change_set.requester,
        executor=step.executor,
        access_url=f"{package_url(services, arrival.package)}/access",
        label=target.publisher.label if target else "",
    )
