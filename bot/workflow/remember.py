"""The newest of npm's own lists of each package is kept: requests tell how old it is, and what differs is found."""

from collections.abc import Iterable
from datetime import datetime

from bot.domain.publishers import Configuration
from bot.domain.survey import Change, compare_lists
from bot.services import Services
from bot.workflow.look import CONFIGURATIONS
from storage.store import Store


def remember(
    store: Store,
    package: str,
    configurations: Iterable[Configuration],
    *,
    npm_user: str,
    at: datetime,
    is_ours: bool = False,
) -> Change | None:
    """Keep a list that was read at npm: the one place through which every such list goes.

    Args:
        store: The transaction that records it.
        package: Whose list.
        configurations: What it shows.
        npm_user: Through whose account.
        at: When it was asked for.
        is_ours: It was read to find out what became of a call of ours, so what is new in it may be that.

    Returns:
        What differs from what was known, which nobody did here; None where nothing can be said: nothing was known, a
        call of ours is in the air, or npm's lists need not show yet what was done here. In that last case it is not
        kept either.
    """
    if store.readings.is_lagging(package, at):
        return None
    known, found = known_of(store, package), tuple(configurations)
    store.readings.remember(package, CONFIGURATIONS.dump_json(found).decode(), npm_user=npm_user, at=at)
    if known is None or is_ours or store.change_sets.is_package_busy(package, but=0):
        return None
    return compare_lists(known, found)


def note_done(
    services: Services,
    store: Store,
    package: str,
    *,
    at: datetime,
    made: Configuration | None = None,
    revoked: str = "",
) -> None:
    """Put what npm did for us into what is known of a package, so that the next list does not tell it as news."""
    row = store.readings.note_change(package, settled_at=at + services.options.lag)
    if not row.configurations:
        return
    kept = [each for each in CONFIGURATIONS.validate_json(row.configurations) if each.id != revoked]
    if made is not None:
        kept = [*(each for each in kept if each.id != made.id), made]
    row.configurations = CONFIGURATIONS.dump_json(tuple(kept)).decode()


def known_of(store: Store, package: str) -> tuple[Configuration, ...] | None:
    """Tell what npm's list of a package showed last; None when none was ever read."""
    row = store.readings.find(package)
    return CONFIGURATIONS.validate_json(row.configurations) if row else None
