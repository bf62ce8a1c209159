from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.alarms import Earlier, choose_one_a_version, is_expected, is_quiet, list_news, list_owners
from bot.domain.breaks import Break, BreakKind, SeenPublisher
from bot.domain.evidence import Evidence, EvidenceKind, PackageFacts

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
OURS, THEIRS = "aaaa-ours", "bbbb-theirs"


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def break_(version: str = "1.2.0", days: float | None = 1, **changes: str) -> Break:
    at = None if days is None else days_ago(days)
    seen = Break(kind=BreakKind.LOST, version=version, at=at, by="otto", before=f"github {OURS}", after="none")
    return seen.model_copy(update=changes)


def facts(
    *breaks: Break,
    last: float | None = 30,
    kind: EvidenceKind = EvidenceKind.TRUSTED,
    publishers: tuple[SeenPublisher, ...] = (),
    version: str = "1.1.0",
    configuration_id: str = OURS,
    maintainers: tuple[str, ...] = ("otto", "olga"),
) -> PackageFacts:
    return PackageFacts(
        name="@acme/ui",
        maintainers=maintainers,
        last_publish=None if last is None else days_ago(last),
        evidence=Evidence(kind=kind, version=version, configuration_id=configuration_id),
        publishers=publishers,
        breaks=breaks,
    )


def seen(configuration_id: str, first: str, *, last_days: float | None = None) -> SeenPublisher:
    last_at = None if last_days is None else days_ago(last_days)
    return SeenPublisher(configuration_id=configuration_id, first_version=first, last_version=first, last_at=last_at)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        # Never read before: the last week is news, what is older is history, and so is what has no time.
        (None, facts(break_("1.3.0", 1), break_("1.2.0", 8), break_("1.1.0", None)), ["1.3.0"]),
        # A mirror dropped the fields before, so nothing can be compared.
        (facts(kind=EvidenceKind.NOT_VISIBLE), facts(break_("1.3.0", 1), break_("1.2.0", 8)), ["1.3.0"]),
        # Read before: what came since, however long that is ago, the oldest first.
        (facts(last=30), facts(break_("1.3.0", 1), break_("1.2.0", 20)), ["1.2.0", "1.3.0"]),
        # What was seen before is none, nor what only comes into sight because something else was unpublished.
        (facts(break_("1.2.0", 31), last=30), facts(break_("1.2.0", 31), break_("1.0.0", 90)), []),
        # A registry without times: what was not there before.
        (facts(break_("1.2.0", None), last=None), facts(break_("1.3.0", None), break_("1.2.0", None)), ["1.3.0"]),
        # Unpublished before, so that no time was known.
        (facts(kind=EvidenceKind.UNPUBLISHED, last=None), facts(break_("1.3.0", 1)), ["1.3.0"]),
        (facts(), facts(), []),
    ],
)
def test_breaks_of_versions_that_came_since_the_last_read_are_news(
    before: PackageFacts | None, after: PackageFacts, told: list[str]
) -> None:
    assert [one.version for one in list_news(before, after, NOW)] == told


def test_owners_before_the_version_are_told_too_since_an_attacker_may_have_removed_them() -> None:
    assert list_owners(facts(maintainers=("otto",)), facts(maintainers=("mallory",))) == ("otto", "mallory")
    assert list_owners(None, facts()) == ("otto", "olga")


OTHER = break_("1.2.0", kind=BreakKind.OTHER_CONFIGURATION, after=f"github {THEIRS}")
FILE = break_("1.2.0", kind=BreakKind.OTHER_WORKFLOW, before="release.yml", after="publish.yml")


@pytest.mark.parametrize(
    ("found", "after", "made", "revoked", "expected"),
    [
        # Through a configuration that was set up here, whether it is the newest version by now or not.
        (OTHER, facts(publishers=(seen(THEIRS, "1.2.0"),)), {THEIRS}, {}, True),
        (FILE, facts(version="1.2.0", configuration_id=THEIRS), {THEIRS}, {}, True),
        # Through another one, or one that we made and that came earlier.
        (OTHER, facts(publishers=(seen(THEIRS, "1.2.0"),)), {OURS}, {}, False),
        (FILE, facts(version="1.1.0", configuration_id=THEIRS), {THEIRS}, {}, False),
        # The newest version's id counts only where the newest version has it: downgraded names an older one.
        (FILE, facts(version="1.2.0", configuration_id=THEIRS, kind=EvidenceKind.DOWNGRADED), {THEIRS}, {}, False),
        (OTHER, facts(), set(), {}, False),
        # By hand after the configuration was revoked here, and not before, nor after another was.
        (break_(), facts(), set(), {OURS: days_ago(2)}, True),
        (break_(days=None), facts(), set(), {OURS: days_ago(2)}, True),
        (break_(), facts(), set(), {OURS: days_ago(0)}, False),
        (break_(), facts(), set(), {THEIRS: days_ago(2)}, False),
        # What is set up here explains nothing that comes by hand.
        (break_(), facts(version="1.2.0"), {OURS}, {}, False),
    ],
)
def test_what_was_done_here_explains_a_break(
    found: Break, after: PackageFacts, made: set[str], revoked: Mapping[str, datetime], *, expected: bool
) -> None:
    assert is_expected(found, after, made, revoked) is expected


KNOWN = Earlier(break_=break_("1.2.0", 5), acknowledged=True)


@pytest.mark.parametrize(
    ("found", "earlier", "after", "quiet"),
    [
        # Acknowledged once: the same by the same account, until a version comes as it should again.
        (break_("1.3.0"), [KNOWN], facts(), True),
        (break_("1.3.0"), [KNOWN], facts(publishers=(seen(OURS, "1.1.0", last_days=40),)), True),
        (break_("1.3.0"), [KNOWN], facts(publishers=(seen(OURS, "1.1.0", last_days=3),)), False),
        (break_("1.3.0"), [Earlier(break_=break_(days=None), acknowledged=True)], facts(), True),
        # Another account, another kind, nobody acknowledged, nothing known.
        (break_("1.3.0", by="mallory"), [KNOWN], facts(), False),
        (OTHER, [KNOWN], facts(), False),
        (break_("1.3.0"), [KNOWN.model_copy(update={"acknowledged": False})], facts(), False),
        (break_("1.3.0"), [], facts(), False),
        # Back to how it was before an alarm.
        (FILE.model_copy(update={"before": "publish.yml", "after": "release.yml"}),
         [Earlier(break_=FILE, acknowledged=False)], facts(), True),
        (FILE, [Earlier(break_=FILE, acknowledged=False)], facts(), False),
    ],
)  # fmt: skip
def test_what_somebody_knows_of_is_quiet(
    found: Break, earlier: list[Earlier], after: PackageFacts, *, quiet: bool
) -> None:
    assert is_quiet(found, earlier, after) is quiet


def test_of_several_breaks_of_a_version_the_most_telling_is_told() -> None:
    repository = break_("1.2.0", kind=BreakKind.OTHER_REPOSITORY)
    later = break_("1.3.0", kind=BreakKind.OTHER_CONFIGURATION)
    assert choose_one_a_version([OTHER, repository, FILE, later]) == (repository, later)
    assert choose_one_a_version([repository, break_()]) == (break_(),)
    assert choose_one_a_version([]) == ()
