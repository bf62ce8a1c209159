"""npm's own lists of many packages: what they show together, what differs from what was known, and the file of them."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from bot.domain.digest import CatalogueNote
from bot.domain.evidence import EvidenceKind
from bot.domain.publishers import CircleCI, Configuration, read_publisher, same_configuration
from bot.domain.values import Frozen

NAMED = 10
"""So many packages are named of each kind."""


class SurveyState(StrEnum):
    """Whether it still reads."""

    READING = "reading"
    DONE = "done"
    STOPPED = "stopped"
    """By its person, or since its time was over."""


class Change(Frozen):
    """What became of a package's configurations between two reads."""

    appeared: tuple[Configuration, ...] = ()
    vanished: tuple[Configuration, ...] = ()
    altered: tuple[Configuration, ...] = ()
    """They have the same id and other claims or permissions; as they are now."""

    def __bool__(self) -> bool:
        """Tell whether anything did."""
        return bool(self.appeared or self.vanished or self.altered)


def compare_lists(before: Iterable[Configuration], after: Iterable[Configuration]) -> Change:
    """Tell what differs between two lists of one package; their order means nothing."""
    old, new = ({found.id: found for found in found_in} for found_in in (before, after))
    return Change(
        appeared=tuple(found for name, found in new.items() if name not in old),
        vanished=tuple(found for name, found in old.items() if name not in new),
        altered=tuple(new[name] for name in old if name in new and not same_configuration(old[name], new[name])),
    )


class SurveyedPackage(Frozen):
    """What came of one package."""

    package: str
    configurations: tuple[Configuration, ...] | None = None
    """None when they were not read."""
    before: tuple[Configuration, ...] | None = None
    """What was known just before; None when nothing was."""
    read_at: datetime | None = None
    problem: str = ""
    """Why they were not read."""
    evidence: EvidenceKind | None = None
    """What public data shows; None when that was never read."""

    @property
    def change(self) -> Change:
        """What differs from what was known."""
        if self.configurations is None or self.before is None:
            return Change()
        return compare_lists(self.before, self.configurations)


class SurveySum(Frozen):
    """What the packages of a survey have in common. Names are the first `NAMED` of each kind."""

    trusted: int = 0
    """With a configuration."""
    several: int = 0
    """Of those, with more than one."""
    untrusted: int = 0
    """Without any."""
    unread: int = 0
    providers: dict[str, int] = Field(default_factory=dict)
    """How many configurations each provider has, the commonest first."""
    changes: dict[str, Change] = Field(default_factory=dict)
    """What differs from what was known, by package."""
    changed: int = 0
    """How many packages differ."""
    unused: tuple[str, ...] = ()
    """A configuration stands, and the newest version did not come through one."""
    unused_total: int = 0
    gone: tuple[str, ...] = ()
    """The newest version came through a trusted publisher, and none stands any more."""
    gone_total: int = 0


def sum_up(packages: Iterable[SurveyedPackage]) -> SurveySum:
    """Count what was read."""
    everything = list(packages)
    read = [(each, each.configurations) for each in everything if each.configurations is not None]
    trusted = [(each, found) for each, found in read if found]
    providers = Counter(found.type for _, each in trusted for found in each)
    changes = {each.package: change for each, _ in read if (change := each.change)}
    unused = [each.package for each, _ in trusted if each.evidence not in {EvidenceKind.TRUSTED, None}]
    gone = [each.package for each, found in read if not found and each.evidence is EvidenceKind.TRUSTED]
    return SurveySum(
        trusted=len(trusted),
        several=sum(len(found) > 1 for _, found in trusted),
        untrusted=len(read) - len(trusted),
        unread=len(everything) - len(read),
        providers=dict(sorted(providers.items(), key=lambda each: (-each[1], each[0]))),
        changes=dict(list(changes.items())[:NAMED]),
        changed=len(changes),
        unused=tuple(unused[:NAMED]),
        unused_total=len(unused),
        gone=tuple(gone[:NAMED]),
        gone_total=len(gone),
    )


class SurveyView(Frozen):
    """A survey as its message shows it."""

    value: str
    """Of its buttons."""
    npm_user: str
    selection: str = ""
    """Empty where each package was named."""
    state: SurveyState
    total: int
    done: int
    failed: int
    left_out: int = 0
    """Packages that match and that the account may not change: their lists are not its to read."""
    catalogue: CatalogueNote | None = None
    speed: float | None = None
    """Packages a minute; None while that is not known."""
    minutes_left: int | None = None
    stopped: str = ""
    """Markup: why nothing goes out to npm."""
    waits_for_link: bool = False
    """A link of npm's is in their DM."""
    waits_for_press: bool = False
    """They have to press [I'm ready] first."""
    asks_each: bool = False
    """npm asks this session for each read."""
    problems: tuple[tuple[str, int], ...] = ()
    """Why packages could not be read, and how many each time."""
    sum: SurveySum | None = None
    """None while it still reads."""
    page: tuple[SurveyedPackage, ...] = ()
    """The first packages, once it has ended."""
    as_json: bool = False
    file_failed: bool = False
    """Slack did not take the file."""
    created_at: datetime
    deadline: datetime
    finished_at: datetime | None = None


HEADER = (
    "package",
    "read at",
    "problem",
    "evidence",
    "configurations",
    "configuration id",
    "provider",
    "repository",
    "file",
    "environment",
    "permissions",
    "claims",
    "other",
    "since the last reading",
)


def survey_rows(packages: Iterable[SurveyedPackage]) -> Iterator[tuple[str, ...]]:
    """Make the rows of the file, its header first: one for each configuration, and one for a package without any.

    A configuration that is gone since the last reading has a row of its own.
    """
    yield HEADER
    for each in packages:
        change, found = each.change, each.configurations or ()
        new = {one.id: "appeared" for one in change.appeared} | {one.id: "altered" for one in change.altered}
        head = (
            each.package,
            _moment(each.read_at),
            each.problem,
            each.evidence.value if each.evidence else "",
            "" if each.configurations is None else str(len(found)),
        )
        yield from ((*head, *_cells(one), new.get(one.id, "")) for one in found)
        yield from ((*head, *_cells(one), "vanished") for one in change.vanished)
        if not found and not change.vanished:
            yield (*head, *[""] * (len(HEADER) - len(head)))


def survey_document(packages: Sequence[SurveyedPackage]) -> list[dict[str, Any]]:
    """Make what is in the file where JSON was asked for: all that npm told."""
    return [each.model_dump(mode="json") for each in packages]


def _cells(found: Configuration) -> tuple[str, ...]:
    publisher = read_publisher(found.type, found.claims)
    place = ("", "", "")
    if isinstance(publisher, CircleCI):
        place = (publisher.source, publisher.pipeline_definition_id, " ".join(publisher.context_ids))
    elif publisher is not None:
        place = (publisher.source, publisher.file, publisher.environment)
    permissions = " ".join(found.permissions)
    return (found.id, found.type, *place, permissions, _json(found.claims), _json(found.other))


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, sort_keys=True) if document else ""


def _moment(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""
