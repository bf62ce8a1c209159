"""How fast each lane goes, for people and for monitoring."""

from bot.domain.pacing import LaneView
from bot.services import Services
from bot.workflow.leases import ACCOUNT, LANE, lane_of
from storage.models import LeaseRow
from storage.store import Store


def lane_state(services: Services, store: Store) -> tuple[LaneView, ...]:
    """Tell the pace in force of every lane that calls are made in as it is set now."""
    by_account = services.options.lane == "account"
    leases = store.lanes.list_all()
    wanted = (lease for lease in leases if (lease.name.startswith(ACCOUNT) if by_account else lease.name == LANE))
    return tuple(_view(services, lease) for lease in wanted)


def pace_of(services: Services, store: Store, npm_user: str) -> float:
    """Tell the seconds from the end of a call to the start of the next in the lane of an account."""
    lease = store.lanes.find(lane_of(services, npm_user))
    return _view(services, lease).pace_seconds if lease else services.options.pace.total_seconds()


def _view(services: Services, lease: LeaseRow) -> LaneView:
    floor = services.options.pace.total_seconds()
    return LaneView(
        name=lease.name,
        pace_seconds=max(floor, lease.pace_ms / 1000),
        floor_seconds=floor,
        slowed_at=lease.slowed_at,
        next_call_at=lease.next_call_at,
    )
