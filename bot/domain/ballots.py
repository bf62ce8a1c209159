"""What one person is shown in order to decide on many steps: groups of steps that are alike, and which are ticked."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

from bot.domain.lifecycle import State
from bot.domain.operations import Operation, Revoke, fingerprint_of_set, removed_by
from bot.domain.publishers import CircleCI
from bot.domain.values import Frozen


class Item(Frozen):
    """One step as it is shown."""

    step_id: int
    operation: Operation
    fingerprint: str
    warnings: tuple[str, ...] = ()
    difference: str = ""
    """Why it went back to review."""


class BallotGroup(Frozen):
    """Steps that ask for the same for different packages, with the same remarks: decided on together."""

    operation: Operation
    """Of the first."""
    step_ids: tuple[int, ...]
    shown: str
    """The hash of what was shown of all of them: their fingerprints and what is remarked."""
    warnings: tuple[str, ...] = ()
    difference: str = ""
    deviates: tuple[str, ...] = ()
    """In what it differs from most of the others: `file`, `environment`, `permissions`."""
    ticked: bool = True

    @property
    def is_flagged(self) -> bool:
        """Somebody has to look at it first."""
        return bool(self.warnings or self.difference or self.deviates)


class Ballot(Frozen):
    """All that one person is shown."""

    groups: tuple[BallotGroup, ...]

    @property
    def size(self) -> int:
        """How many steps."""
        return sum(len(group.step_ids) for group in self.groups)

    @property
    def ticked(self) -> int:
        """How many of them are ticked."""
        return sum(len(group.step_ids) for group in self.groups if group.ticked)

    @property
    def fingerprint(self) -> str:
        """The hash of everything that is shown."""
        return fingerprint_of_set(group.shown for group in self.groups)

    def with_ticks(self, ticks: Mapping[int, bool]) -> "Ballot":
        """Tick some groups, by place, and untick others."""
        return Ballot(
            groups=tuple(
                group.model_copy(update={"ticked": ticks.get(place, group.ticked)})
                for place, group in enumerate(self.groups)
            )
        )


def make_ballot(items: Sequence[Item], *, only_flagged: bool = False) -> Ballot:
    """Put together what is alike. What somebody has to look at first stands on top, unticked.

    Args:
        items: The steps.
        only_flagged: Tick what has a remark, and nothing else: whoever rejects means that. Without any, all is ticked.
    """
    usual = _find_usual(items)
    found: dict[tuple[object, ...], list[Item]] = {}
    for item in items:
        found.setdefault(_key_of(item), []).append(item)
    groups = [_make_group(alike, usual) for alike in found.values()]
    groups.sort(key=lambda group: (not group.is_flagged, -len(group.step_ids)))  # else as they came
    ticks_flagged = only_flagged and groups[:1] and groups[0].is_flagged
    ticked = [group.is_flagged if ticks_flagged else only_flagged or not group.is_flagged for group in groups]
    return Ballot(
        groups=tuple(group.model_copy(update={"ticked": tick}) for group, tick in zip(groups, ticked, strict=True))
    )


def shown_of(items: Iterable[Item]) -> str:
    """Hash what is shown of steps: whoever decides decides on exactly this."""
    return fingerprint_of_set(
        sha256("\n".join((item.fingerprint, item.difference, *item.warnings)).encode()).hexdigest() for item in items
    )


def terms_of(operation: Operation) -> dict[str, str]:
    """Tell what people compare between packages, by what it is called; the repository is each package's own."""
    if isinstance(operation, Revoke):
        return {"kind": operation.kind, "repository": operation.from_repository}
    publisher = operation.publisher
    terms = {
        "kind": operation.kind,
        "provider": publisher.provider.value,
        "owner of the repository": publisher.source.partition("/")[0],
        "permissions": " ".join(sorted(operation.permissions)),
    }
    if isinstance(publisher, CircleCI):
        return terms | {"contexts": " ".join(publisher.context_ids)}
    return terms | {"file": publisher.file, "environment": publisher.environment}


def _key_of(item: Item) -> tuple[object, ...]:
    """What is asked for without the package and without npm's ids, and what is remarked."""
    removed = removed_by(item.operation)
    asked = item.operation.model_dump_json(exclude={"package", "configuration", "old", "configuration_id"})
    goes = removed.model_dump_json(exclude={"id"}) if removed else ""
    return asked, goes, item.warnings, item.difference


def _find_usual(items: Sequence[Item]) -> dict[str, str]:
    """Find what more than half of the steps have, by what it is called."""
    counted: dict[str, Counter[str]] = {}
    for item in items:
        for name, value in terms_of(item.operation).items():
            counted.setdefault(name, Counter())[value] += 1
    most = {name: values.most_common(1)[0] for name, values in counted.items()}
    return {name: value for name, (value, number) in most.items() if 2 * number > len(items)}


def _make_group(alike: list[Item], usual: Mapping[str, str]) -> BallotGroup:
    first = alike[0]
    terms = terms_of(first.operation)
    return BallotGroup(
        operation=first.operation,
        step_ids=tuple(item.step_id for item in alike),
        shown=shown_of(alike),
        warnings=first.warnings,
        difference=first.difference,
        deviates=tuple(name for name, value in terms.items() if name in usual and usual[name] != value),
    )


class Counted(Frozen):
    """What came of a decision on many steps."""

    decided: int = 0
    """How many steps the decision counts for."""
    states: Mapping[State, int] = {}
    """Where they are now."""
    missing: int = 0
    """How many more must approve, of those that are in review still; the highest number."""
    meanwhile: int = 0
    """How many ticked steps were decided on or ended in the meantime: they did not need it."""
    left: int = 0
    """How many steps this person was shown and did not tick."""
    own: int = 0
    """Of those that can run now, how many do so with this person's account."""
    others: tuple[tuple[str, int], ...] = ()
    """Of those that can run now, how many do so with whose account instead of this person's: Slack ids."""
