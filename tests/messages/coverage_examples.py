"""Coverages, digests, alarms and watches to draw."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.breaks import Break, BreakKind
from bot.domain.coverage import PackageRecord, measure
from bot.domain.coverage_views import AlarmView, ArrivalView, CoverageView, PutAside, ScanState, WatchView
from bot.domain.digest import CatalogueNote, DigestContent, compose_digest
from bot.domain.evidence import EvidenceKind
from bot.domain.overview import Maintainer
from tests.messages.examples import ID, OLGA, OTTO, RITA

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
READ = NOW - timedelta(minutes=20)
CATALOGUE = CatalogueNote(known=312, private=4, confirmed_by=OLGA, confirmed_at=NOW - timedelta(days=9))
PEOPLE = {"otto-npm": OTTO, "olga-npm": OLGA}


def a_record(name: str = "@acme/ui", kind: EvidenceKind | None = EvidenceKind.NONE, **changes: Any) -> PackageRecord:  # noqa: ANN401 - any field
    """Make a package that was read just now; without more it lacks trust."""
    ordinary: dict[str, Any] = {
        "version": "1.5.0",
        "by": "otto-npm",
        "maintainers": ("otto-npm", "ana-npm"),
        "repository": f"acme/{name.partition('/')[2]}",
        "last_publish": NOW - timedelta(days=40),
        "since": NOW - timedelta(days=40),
        "read_at": READ,
    }
    return PackageRecord(name, kind, **(ordinary | changes))


STANDINGS = (
    a_record("@acme/ui", EvidenceKind.TRUSTED, provider="github", configuration_id=ID),
    a_record("@acme/core", EvidenceKind.NONE, set_up_at=NOW - timedelta(hours=3)),
    a_record("@acme/cli", EvidenceKind.DOWNGRADED, provider="github", configuration_id=ID, by="rita-npm"),
    a_record("@acme/icons", EvidenceKind.PROVENANCE_ONLY, maintainers=("olga-npm",)),
    a_record("@acme/api", EvidenceKind.NONE, last_publish=NOW - timedelta(days=200)),
    a_record("@acme/left-pad", EvidenceKind.NONE, last_publish=NOW.replace(year=2021)),
    a_record("@acme/fork", EvidenceKind.NONE, deprecated=True),
    a_record("@acme/slow", EvidenceKind.NONE, snoozed_until=NOW + timedelta(days=20)),
    a_record("@acme/done", EvidenceKind.NONE, retired_by=OTTO, retired_at=NOW - timedelta(days=2)),
    a_record("@acme/mirror", EvidenceKind.NOT_VISIBLE),
    a_record("@acme/empty", EvidenceKind.UNPUBLISHED, version="", by="", last_publish=None, since=None),
    a_record("@acme/gone", None, visible=False, version="", last_publish=None, problem="npm says: 404 Not Found"),
    a_record("@acme/next", None, version="", last_publish=None, read_at=None),
    a_record("@acme/secret", EvidenceKind.NONE, visible=False, account_only=True),
)
"""One of each standing."""


def many_records(number: int) -> Iterator[PackageRecord]:
    """Make so many packages: half of them trusted."""
    kinds = (EvidenceKind.TRUSTED, EvidenceKind.NONE, EvidenceKind.TRUSTED, EvidenceKind.PROVENANCE_ONLY)
    for at in range(number):
        owners = (f"owner-{at % 97}", "olga-npm")
        yield a_record(f"@acme/p{at}", kinds[at % 4], last_publish=NOW - timedelta(days=at % 600), maintainers=owners)


def a_coverage(packages: Sequence[PackageRecord] = STANDINGS, **changes: Any) -> CoverageView:  # noqa: ANN401 - any field
    """Make a coverage that is done."""
    ordinary: dict[str, Any] = {
        "selection": "@acme/*",
        "asked_by": RITA,
        "state": ScanState.DONE,
        "now": NOW,
        "value": "scan-1",
        "coverage": measure(packages, NOW),
        "people": PEOPLE,
        "catalogue": CATALOGUE,
    }
    return CoverageView(**(ordinary | changes))


def a_digest(records: Sequence[PackageRecord] = STANDINGS, **changes: Any) -> DigestContent:  # noqa: ANN401 - any field
    """Make a digest, as it is composed."""
    ordinary: dict[str, Any] = {
        "selection": "@acme/*",
        "due_at": NOW,
        "now": NOW + timedelta(seconds=4),
        "before": None,
        "slack_users": PEOPLE,
        "catalogue": CATALOGUE,
        "alarms_open": 0,
    }
    return compose_digest(records, **(ordinary | changes))


LOST = Break(
    kind=BreakKind.LOST,
    version="2.4.0",
    at=NOW - timedelta(minutes=50),
    by="rita-npm",
    before=f"github {ID}",
    after="none",
    version_before="2.3.1",
)


def an_alarm(**changes: Any) -> AlarmView:  # noqa: ANN401 - any field
    """Make an alarm that nobody has acknowledged."""
    ordinary: dict[str, Any] = {
        "value": "alarm-1",
        "package": "@acme/ui",
        "break_": LOST,
        "raised_at": NOW,
        "owners": (Maintainer(npm_user="otto-npm", slack_user=OTTO), Maintainer(npm_user="ana-npm")),
        "package_url": "https://www.npmjs.com/package/@acme/ui",
    }
    return AlarmView(**(ordinary | changes))


ARRIVAL = ArrivalView(
    package="@acme/ui",
    version="2.3.1",
    at=NOW - timedelta(minutes=50),
    number=42,
    requester=RITA,
    executor=OTTO,
    access_url="https://www.npmjs.com/package/@acme/ui/access",
    label="acme/ui → release.yml",
)
WATCH = WatchView(
    selection="@acme/* !@acme/old-*",
    channel="C0RELEASES",
    cron="0 9 * * 1",
    timezone="Europe/Paris",
    next_at=NOW + timedelta(days=7),
    set_by=RITA,
)
SNOOZED = PutAside(package="@acme/slow", by=OTTO, value="7:3", until=NOW + timedelta(days=30))
RETIRED = PutAside(package="@acme/done", by=OTTO, value="7:4")
