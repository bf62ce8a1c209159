from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.lifecycle import State
from bot.domain.operations import Create, Revoke, likeness_of
from bot.domain.packages import PackageName
from bot.domain.publishers import CircleCI, Configuration, GitHub, Permission
from bot.domain.results import HEADER, Result, result_rows
from bot.domain.sums import End, SumView, speed_of, sum_ended

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
CREATE = Create(
    package=PackageName("@acme/ui"),
    publisher=GitHub(repository="acme/ui", file="release.yml", environment="prod"),
    permissions=(Permission.PUBLISH, Permission.STAGE),
)


def a_sum(tally: dict[State, int], **more: object) -> SumView:
    return SumView(
        number=1, requester="U1", reason="", created_at=NOW, deadline=NOW, offer="", channel="C1",
        size=sum(tally.values()), tally=tally, **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("seconds_ago", "speed"),
    [([], None), ([1], None), ([0, 2.5, 5], 24.0), ([121, 130], None), ([0, 0], None), ([0, 30, 500], 2.0)],
)
def test_the_speed_is_that_of_the_last_ends(seconds_ago: list[float], speed: float | None) -> None:
    assert speed_of([NOW - timedelta(seconds=ago) for ago in seconds_ago], NOW) == speed


def test_what_is_left_is_what_is_approved_and_not_over() -> None:
    view = a_sum(
        {State.APPLIED: 10, State.IN_REVIEW: 5, State.READY: 30, State.WAITING: 1}, held=9, held_ready=7, speed=12.0
    )
    assert (view.size, view.over, view.left, view.running, view.minutes_left) == (46, 10, 36, 24, 2)
    assert view.is_open
    assert a_sum({State.READY: 1}, speed=30.0).minutes_left == 1
    assert a_sum({State.READY: 1}).minutes_left is None
    assert a_sum({State.APPLIED: 1}, speed=30.0).minutes_left is None
    assert not a_sum({State.APPLIED: 1}).is_open
    assert a_sum({State.IN_REVIEW: 3}, held=3).running == 0  # held ones may be in review still


def test_ends_are_put_together_by_npms_words() -> None:
    alike = [End(State.REFUSED, f"p{n}", "no") for n in range(3)]
    seen = [*alike, End(State.REFUSED, "q", "else"), End(State.CONFLICT, "r")]
    ended = sum_ended(seen, names=2, in_all={State.REFUSED: 10, State.CONFLICT: 1})
    assert [(each.state, each.steps, each.packages, each.words) for each in ended] == [
        (State.REFUSED, 9, ("p0", "p1"), "no"),  # six more were not looked at
        (State.REFUSED, 1, ("q",), "else"),
        (State.CONFLICT, 1, ("r",), ""),
    ]


def test_steps_are_alike_whatever_their_package_and_whatever_was_read() -> None:
    other = CREATE.model_copy(update={"package": PackageName("other")})
    assert likeness_of(CREATE) == likeness_of(other)
    assert len(likeness_of(CREATE)) == 16
    assert likeness_of(CREATE) != likeness_of(CREATE.model_copy(update={"permissions": (Permission.STAGE,)}))
    revoke = Revoke(package=PackageName("x"), from_repository="acme/old")
    read = Configuration(id="1", type="github", claims={}, permissions=())
    assert likeness_of(revoke) == likeness_of(revoke.model_copy(update={"configuration": read}))


def test_the_results_have_a_row_for_each_step() -> None:
    circle = CircleCI(org_id="o", project_id="p", pipeline_definition_id="d", vcs_origin="github.com/acme/ui")
    read = Configuration(id="id-2", type="github", claims={}, permissions=())
    done = Result(
        operation=CREATE,
        state=State.APPLIED,
        configuration_id="id-1",
        requester="U1",
        approvers=("U2", "U3"),
        executor="U2",
        executor_npm_user="u2-npm",
        finished_at=NOW,
        publish_before=NOW + timedelta(days=2),
    )
    revoke = Revoke(package=PackageName("x"), from_repository="acme/old", configuration=read)
    header, *rows = result_rows(
        [
            done,
            done.model_copy(update={"operation": CREATE.model_copy(update={"publisher": circle})}),
            Result(operation=revoke, state=State.REFUSED, npm_message="no", requester="U1"),
        ]
    )
    assert header == HEADER
    assert all(len(row) == len(HEADER) for row in rows)
    assert rows[0] == (
        "@acme/ui", "create", "github", "acme/ui", "release.yml", "prod", "createPackage createStagedPackage",
        "applied", "", "id-1", "U1", "U2 U3", "U2", "u2-npm", "2026-11-23T14:00:00Z", "2026-11-25T14:00:00Z",
    )  # fmt: skip
    assert rows[1][2:6] == ("circleci", "github.com/acme/ui", "d", "")
    assert rows[2][:10] == ("x", "revoke", "", "acme/old", "", "", "", "refused", "no", "id-2")
