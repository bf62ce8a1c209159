from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.drift import Drift, DriftKind, Lists, Made, compare_lists, find_left, find_renamed, is_over
from bot.domain.publishers import Configuration

BEFORE = datetime(2026, 11, 2, tzinfo=UTC)
AFTER = BEFORE + timedelta(days=7)


def configuration(name: str, repository: str = "acme/ui") -> Configuration:
    claims = {"repository": repository, "workflow_ref": {"file": "release.yml"}}
    return Configuration(id=name, type="github", claims=claims, permissions=("createPackage",))


A, B = configuration("a"), configuration("b", "acme/other")


def made(one: Configuration = A, *, at: datetime = BEFORE - timedelta(days=9), used: bool = True) -> Made:
    return Made(configuration=one, number=7, npm_user="otto-npm", at=at, used=used)


def lists(before: tuple[Configuration, ...] | None, after: tuple[Configuration, ...], **more: object) -> Lists:
    before_at = None if before is None else BEFORE
    return Lists.model_validate({"before": before, "before_at": before_at, "after": after, "after_at": AFTER, **more})


def kinds(found: list[Drift]) -> list[tuple[DriftKind, str]]:
    return [(drift.kind, drift.configuration.id) for drift in found]


LATELY = AFTER - timedelta(hours=3)
APPEARED, VANISHED = DriftKind.APPEARED, DriftKind.VANISHED
EXAMPLES: list[tuple[str, Lists, list[tuple[DriftKind, str]]]] = [
    ("the same", lists((A,), (A,)), []),
    ("one more", lists((A,), (A, B)), [(APPEARED, "b")]),
    ("one less", lists((A, B), (A,)), [(VANISHED, "b")]),
    ("in the place of another", lists((A,), (B,)), [(APPEARED, "b"), (VANISHED, "a")]),
    ("the first list", lists(None, (A, B)), []),
    ("made here", lists((), (A,), made={"a": made(at=LATELY)}), []),
    ("asked for here, the answer was lost", lists((), (A,), wanted=(configuration(""),)), []),
    ("revoked here", lists((A,), (), revoked=frozenset({"a"})), []),
    ("made here, used, and gone", lists((A,), (), made={"a": made()}), [(VANISHED, "a")]),
    ("made here, never used, dropped by npm", lists((A,), (), made={"a": made(used=False)}), []),
    ("made here since, and gone", lists((), (), made={"a": made(at=LATELY, used=False)}), [(VANISHED, "a")]),
    ("made here, and not in the first list", lists(None, (), made={"a": made()}), [(VANISHED, "a")]),
    ("gone before the list before", lists((), (), made={"a": made()}), []),
]


@pytest.mark.parametrize(("given", "expected"), [example[1:] for example in EXAMPLES], ids=[e[0] for e in EXAMPLES])
def test_two_lists_tell_what_came_and_went_without_npmtrust(
    given: Lists, expected: list[tuple[DriftKind, str]]
) -> None:
    assert kinds(compare_lists(given)) == expected


def test_who_made_it_has_left_where_the_maintainers_are_known() -> None:
    by_otto = {"a": made(), "b": made(B).model_copy(update={"npm_user": ""})}
    assert kinds(find_left([A, B], by_otto, ["olga-npm"])) == [(DriftKind.MAKER_LEFT, "a")]
    assert find_left([A, B], by_otto, ["otto-npm"]) == []
    assert find_left([A], by_otto, []) == []
    assert find_left([configuration("c")], by_otto, ["olga-npm"]) == []


def test_a_repository_that_its_forge_calls_otherwise_is_renamed() -> None:
    [drift] = find_renamed([A, B], {"a": "acme/design", "b": ""}, {"a": made()})
    assert (drift.kind, drift.known_as, drift.made) == (DriftKind.RENAMED, "acme/design", made())


@pytest.mark.parametrize(
    ("kind", "now", "stands", "over"),
    [
        (APPEARED, (), (A,), False),
        (APPEARED, (), (), True),
        (VANISHED, (), (), False),
        (VANISHED, (), (configuration("made anew"),), True),
        (DriftKind.RENAMED, (Drift(kind=DriftKind.RENAMED, configuration=A),), (A,), False),
        (DriftKind.RENAMED, (), (A,), True),
        (DriftKind.MAKER_LEFT, (Drift(kind=DriftKind.RENAMED, configuration=A),), (A,), True),
    ],
)
def test_it_is_over_once_the_list_shows_so(
    kind: DriftKind, now: tuple[Drift, ...], stands: tuple[Configuration, ...], over: object
) -> None:
    assert is_over(Drift(kind=kind, configuration=A), now, stands) is over
