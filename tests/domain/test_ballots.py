from hypothesis import given
from hypothesis import strategies as st

from bot.domain.ballots import BallotGroup, Item, make_ballot, shown_of, terms_of
from bot.domain.operations import Create, Operation, Replace, Revoke
from bot.domain.packages import PackageName
from bot.domain.publishers import CircleCI, Configuration, GitHub, Permission

MANY = 10
UI = PackageName("@acme/ui")


def create(number: int, repository: str = "acme/mono", **more: str) -> Create:
    publisher = GitHub(repository=repository, **({"file": "release.yml"} | more))
    return Create(package=PackageName(f"p{number}"), publisher=publisher, permissions=(Permission.PUBLISH,))


def item(number: int, operation: Operation | None = None, **more: object) -> Item:
    return Item(step_id=number, operation=operation or create(number), fingerprint=str(number), **more)


def deviations(*items: Item) -> list[tuple[str, ...]]:
    return [group.deviates for group in make_ballot(items).groups]


def test_what_is_alike_is_one_group_and_ticked() -> None:
    ballot = make_ballot([item(number) for number in range(MANY)])
    [group] = ballot.groups
    assert group.step_ids == tuple(range(MANY))
    assert (ballot.size, ballot.ticked, group.is_flagged) == (MANY, MANY, False)
    assert make_ballot([]).groups == ()


def test_what_differs_from_most_stands_on_top_unticked() -> None:
    usual = [item(number) for number in range(MANY)]
    assert deviations(*usual, item(99, create(99, file="x.yml", environment="prod"))) == [("file", "environment"), ()]
    assert deviations(*usual, item(99, create(99, "mallory/mono"))) == [("owner of the repository",), ()]
    assert deviations(*usual, item(99, create(99, "acme/other"))) == [(), ()]  # each package has its own repository
    assert deviations(item(1), item(2, create(2, file="x.yml"))) == [(), ()]  # of two none is the usual one
    ballot = make_ballot([*usual, item(98, warnings=("odd",)), item(99, difference="changed")])
    assert [(group.step_ids, group.ticked) for group in ballot.groups] == [
        ((98,), False),
        ((99,), False),
        (tuple(range(MANY)), True),
    ]


def test_a_rejection_ticks_what_has_a_remark_and_all_where_nothing_has() -> None:
    plain, odd = [item(1), item(2)], item(3, warnings=("odd",))
    assert [group.ticked for group in make_ballot([*plain, odd], only_flagged=True).groups] == [True, False]
    assert [group.ticked for group in make_ballot(plain, only_flagged=True).groups] == [True]


def test_terms_are_those_of_each_kind_and_provider() -> None:
    circle = CircleCI(
        org_id="o", project_id="p", pipeline_definition_id="d", vcs_origin="github.com/acme/ui", context_ids=("c",)
    )
    old = Configuration(id="1", type="github", claims={}, permissions=())
    replace = Replace(package=UI, old=old, publisher=circle, permissions=(Permission.STAGE,))
    assert terms_of(replace)["contexts"] == "c"
    assert terms_of(Revoke(package=UI, from_repository="acme/old")) == {"kind": "revoke", "repository": "acme/old"}
    # npm's ids differ between packages, and what is read behind a selector may: only the second makes another group
    same = [item(n, Revoke(package=UI, configuration=old.model_copy(update={"id": str(n)}))) for n in range(3)]
    other = item(9, Revoke(package=UI, configuration=old.model_copy(update={"permissions": ("createPackage",)})))
    assert [group.step_ids for group in make_ballot([*same, other]).groups] == [(0, 1, 2), (9,)]


@given(st.lists(st.sampled_from(["acme/a", "acme/b", "else/c"]), min_size=1, max_size=30), st.data())
def test_every_step_is_in_exactly_one_group_and_ticks_stay_with_their_place(
    repositories: list[str], data: st.DataObject
) -> None:
    items = [item(number, create(number, name)) for number, name in enumerate(repositories)]
    ballot = make_ballot(items)
    assert sorted(step for group in ballot.groups for step in group.step_ids) == list(range(len(items)))
    ticks = {place: data.draw(st.booleans()) for place in range(len(ballot.groups))}
    ticked = ballot.with_ticks(ticks)
    assert [group.ticked for group in ticked.groups] == list(ticks.values())
    assert ticked.fingerprint == ballot.fingerprint  # what is ticked is no part of what was shown
    by_id = {each.step_id: each for each in items}
    assert all(shown_of(by_id[step] for step in group.step_ids) == group.shown for group in ballot.groups)


def test_whatever_is_shown_of_a_step_is_in_the_hash() -> None:
    seen = {shown_of([each]) for each in (item(1), item(2), item(1, difference="x"), item(1, warnings=("x",)))}
    assert len(seen) == 4
    assert BallotGroup(operation=create(1), step_ids=(1,), shown="").ticked
