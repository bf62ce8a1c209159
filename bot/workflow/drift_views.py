"""Loading what the messages of drift show, from committed rows; and who may read what stands at npm."""

from bot.domain.drift import DriftData
from bot.domain.home import DriftView
from bot.services import Services
from bot.workflow.sight import can_write
from bot.workflow.views import package_url
from storage.home_models import DriftRow
from storage.store import Store


def drift_data(row: DriftRow) -> DriftData:
    """Read what is kept of it."""
    return DriftData.model_validate_json(row.data)


def drift_view(services: Services, store: Store, row: DriftRow, reader: str) -> DriftView:
    """Load one for a reader: a person, or a channel, which sees no configuration."""
    data = drift_data(row)
    return DriftView(
        value=str(row.id),
        package=row.package,
        data=data,
        found_at=row.found_at,
        maker=data.drift.made.executor if data.drift.made else "",
        over_at=row.over_at,
        acknowledged_by=row.acknowledged_by,
        acknowledged_at=row.acknowledged_at,
        reason=row.reason,
        may_see=can_write(store, reader, maintainers_of(store, row)),
        package_url=package_url(services, row.package),
    )


def maintainers_of(store: Store, row: DriftRow) -> tuple[str, ...]:
    """List the npm users who maintain the package now, as far as is known; else those who did when it was found."""
    package = store.packages.find(row.package)
    return tuple(package.maintainers.split()) if package and package.maintainers else drift_data(row).maintainers


def is_told(store: Store, row: DriftRow, slack_user: str, *, is_admin: bool) -> bool:
    """Tell whether one concerns somebody; that a private package is there is for those who can write to it."""
    data = drift_data(row)
    if can_write(store, slack_user, maintainers_of(store, row)) or slack_user in data.people:
        return True
    return is_admin and not data.private
