"""What a digest says."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.coverage import PackageRecord, Standing
from bot.domain.digest import (
    MOST_PACKAGES,
    CatalogueNote,
    DigestContent,
    DigestOwner,
    DigestPackage,
    compose_digest,
)
from bot.domain.evidence import EvidenceKind

DUE = datetime(2026, 10, 5, 9, tzinfo=UTC)
NOTE = CatalogueNote(known=2, private=1, confirmed_by="U1", confirmed_at=DUE)


def lacking(name: str, days: int, *, lacking_for: int | None = None) -> PackageRecord:
    """Make a package whose last version came so many days ago, and that has lacked trust for some."""
    return PackageRecord(
        name,
        EvidenceKind.NONE,
        version="1.0.0",
        maintainers=("olga-npm", "otto-npm"),
        repository="acme/ui",
        last_publish=DUE - timedelta(days=days),
        read_at=DUE - timedelta(hours=6),
        lacking_since=None if lacking_for is None else DUE - timedelta(days=lacking_for),
    )


def compose(
    *records: PackageRecord, before: DigestContent | None = None, delay: timedelta = timedelta(0)
) -> DigestContent:
    return compose_digest(
        records,
        selection="@acme/*",
        due_at=DUE,
        now=DUE + delay,
        before=before,
        slack_users={"olga-npm": "U1"},
        catalogue=NOTE,
        alarms_open=2,
    )


def last_week(percent: int | None = 40) -> DigestContent:
    return compose().model_copy(update={"made_at": DUE - timedelta(days=7), "percent": percent, "trusted": 3})


def test_a_digest_tells_where_packages_stand_and_who_owns_what_lacks_trust() -> None:
    trusted = PackageRecord("@acme/core", EvidenceKind.TRUSTED, read_at=DUE - timedelta(days=1))
    ui = DigestPackage(
        name="@acme/ui",
        standing=Standing.NONE,
        version="1.0.0",
        last_publish=DUE - timedelta(days=3),
        repository="acme/ui",
        owners=("olga-npm", "otto-npm"),
    )
    assert compose(lacking("@acme/ui", 3, lacking_for=1), trusted) == DigestContent(
        selection="@acme/*",
        due_at=DUE,
        made_at=DUE,
        total=2,
        trusted=1,
        percent=50,
        counts={Standing.TRUSTED: 1, Standing.NONE: 1},
        lacking=(ui,),
        lacking_total=1,
        owners=(
            DigestOwner(npm_user="olga-npm", slack_user="U1", count=1),
            DigestOwner(npm_user="otto-npm", count=1),
        ),
        oldest_read_at=DUE - timedelta(days=1),
        catalogue=NOTE,
        alarms_open=2,
    )


def test_a_digest_tells_what_has_changed_since_the_one_before() -> None:
    content = compose(
        lacking("@acme/new", 3, lacking_for=2),
        lacking("@acme/known", 30, lacking_for=20),
        lacking("@acme/unknown", 20),
        before=last_week(),
    )
    assert (content.before_percent, content.before_trusted, content.before_made_at) == (
        40,
        3,
        DUE - timedelta(days=7),
    )
    assert ([one.name for one in content.new_without], content.new_without_total) == (["@acme/new"], 1)
    assert [one.name for one in content.lacking] == ["@acme/known", "@acme/unknown", "@acme/new"]


def test_a_digest_names_ten_packages_of_each_kind_oldest_first_and_counts_all() -> None:
    names = [f"p{number:02}" for number in range(25)]
    records = [lacking(name, 100 - number, lacking_for=1) for number, name in enumerate(names)]
    content = compose(*reversed(records), before=last_week(percent=None))
    assert [one.name for one in content.lacking] == names[:MOST_PACKAGES]
    assert [one.name for one in content.new_without] == names[:MOST_PACKAGES]
    assert (content.lacking_total, content.new_without_total, content.before_percent) == (25, 25, None)


@pytest.mark.parametrize(("hours", "late"), [(-1, False), (0, False), (1, False), (2, True)])
def test_a_digest_that_is_more_than_an_hour_late_says_so(*, hours: int, late: bool) -> None:
    assert compose(delay=timedelta(hours=hours)).late is late


def test_a_digest_is_read_again_as_it_was_stored() -> None:
    content = compose(lacking("@acme/ui", 3, lacking_for=1), before=last_week())
    assert DigestContent.model_validate_json(content.model_dump_json()) == content
