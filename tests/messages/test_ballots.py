import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot

from bot.domain.ballots import Ballot, Counted, Item, make_ballot
from bot.domain.lifecycle import State
from bot.domain.mistakes import Mistake
from bot.domain.operations import Create, Operation, Revoke
from bot.domain.packages import PackageName
from bot.domain.publishers import GitHub, Permission
from bot.domain.windows import Asking
from bot.messages import ballots
from bot.messages.ballots import APPROVE, REJECT, BallotOrigin
from bot.messages.decisions import Next
from bot.messages.message import View
from bot.sandbox.slack_blocks import check_message_blocks, check_view, is_too_large
from tests.messages.examples import CREATE, OLD, REPLACE, RITA
from tests.messages.reading import read

ORIGIN = BallotOrigin(ballot="b" * 22, kind=APPROVE, channel="C0GENERAL")


def of(number: int, operation: Operation = CREATE, **more: object) -> Item:
    named = operation.model_copy(update={"package": PackageName(f"@acme/kit-{number}")})
    return Item(step_id=number, operation=named, fingerprint=f"{number}", **more)


def shown(ballot: Ballot, *, kind: str = APPROVE, page: int = 0) -> View:
    origin = ORIGIN.model_copy(update={"kind": kind, "page": page})
    return ballots.ballot_view(ballot, origin, number=42, requester=RITA, why="drop tokens")


def text_of(view: View) -> list[str]:
    return [
        block["text"]["text"] if block["type"] == "section" else block["element"]["options"][0]["text"]["text"]
        for block in view.blocks
        if block["type"] in {"section", "input"} and "options" in block.get("element", {"options": ()})
    ]


def test_a_group_is_told_once_and_what_needs_a_look_stands_on_top() -> None:
    strange = GitHub(repository="acme/ui", file="other.yml", environment="prod")
    items = [
        *(of(number) for number in range(4)),
        of(4, CREATE.model_copy(update={"publisher": strange})),
        of(5, REPLACE, warnings=("It warns.",), difference="npm's list changed"),
    ]
    view = shown(make_ballot(items))
    assert (view.title, view.submit) == ("Approve C-42", "Approve what is ticked")
    assert text_of(view) == snapshot(
        [
            """\
<@U0RITA> asks. Yours to decide on: 6 packages, in 3 groups; 4 ticked.
Why: drop tokens
⚠️ 2 packages need a look: on top, unticked.
What is ticked is approved, exactly as it stands here; the rest stays in review.\
""",
            """\
*acme/ui → other.yml · Environment: prod · publish, stage*
⚠️ Differs from most of the others: file, environment.
@acme/kit-4\
""",
            "Approve 1 package",
            """\
*acme/ui → release.yml · Environment: any · publish, stage · in the place of what stands there*
⚠️ Differs from most of the others: kind.
⚠️ It warns.
🔁 Back in review: npm's list changed
@acme/kit-5\
""",
            "Approve 1 package",
            """\
*acme/ui → release.yml · Environment: any · publish, stage*
@acme/kit-0 and 3 more\
""",
            "Approve 4 packages",
        ]
    )


def test_a_rejection_means_what_needs_a_look_and_asks_why() -> None:
    revokes = [of(number, Revoke(package=PackageName("x"), from_repository="acme/old")) for number in range(3)]
    view = shown(make_ballot([*revokes, of(7, warnings=("odd",))], only_flagged=True), kind=REJECT)
    ticked = [bool(block["element"].get("initial_options")) for block in view.blocks if "options" in str(block)]
    assert ticked == [True, False]
    assert "revoke the configuration for acme/old" in str(view.blocks)
    read_back = ballots.read_ballot_view({"reason": " no ", "group-0": "yes", "group-1": ""}, view.private_metadata)
    assert not isinstance(read_back, list)
    assert read_back[1:] == ({0: True, 1: False}, "no")
    mistakes = ballots.read_ballot_view({"reason": "  "}, view.private_metadata)
    assert isinstance(mistakes[0], Mistake)
    assert ballots.read_ticks({"group-x": "yes", "other": "yes"}) == {}


def test_a_single_revoke_names_what_goes() -> None:
    revoke = Revoke(package=PackageName("x"), configuration_id="eebc175d", configuration=OLD)
    assert "revoke configuration eebc175d" in str(shown(make_ballot([of(1, revoke)])).blocks)


@settings(max_examples=10, deadline=None)
@given(st.text(min_size=1, max_size=3000), st.sampled_from([APPROVE, REJECT]))
def test_every_page_of_a_thousand_different_packages_is_one_that_slack_takes(text: str, kind: str) -> None:
    publishers = [GitHub(repository=f"{text}/{number}", file=text, environment=text) for number in range(1000)]
    items = [
        of(
            number,
            Create(package=PackageName("x"), publisher=publisher, permissions=(Permission.PUBLISH,)),
            warnings=(text, text),
            difference=text,
        )
        for number, publisher in enumerate(publishers)
    ]
    ballot = make_ballot(items)
    assert len(ballot.groups) == len(items)
    for page in (0, 17, 33):
        view = shown(ballot, kind=kind, page=page).as_dict()
        assert check_view(view) == []
        assert not is_too_large(view)


@pytest.mark.parametrize("page", [0, 2, 4])
def test_the_packages_of_a_group_are_listed_page_by_page(page: int) -> None:
    names = [f"@acme/{'x' * 200}{number:04}" for number in range(1000)]
    [group] = make_ballot([of(number) for number in range(1000)]).groups
    view = ballots.group_view(group, names, ORIGIN, number=42, place=0, page=page)
    assert check_view(view.as_dict()) == []
    labels = [element["text"]["text"] for block in view.blocks for element in block.get("elements", ())]
    assert labels == ["Back to all groups"] + ["Earlier names"] * (page > 0) + ["More names"] * (page < 4)


def test_the_answers_say_what_counted_and_what_is_left() -> None:
    counted = Counted(decided=400, states={State.READY: 380}, missing=1, meanwhile=20, left=7)
    told = ballots.render_approvals_counted(42, counted, Next.CONFIRM, calls=380, asking=Asking.SPARES)
    assert read(told) == snapshot("""\
👍 Your approval of 400 packages of C-42 counts.
380 packages can run. Next: confirm at npm, if npm asks. Its link then comes to you by DM.
380 calls. In this session npm let calls pass that followed a confirmation.
1 more approval to go for the others.
Decided in the meantime: 20 packages. Still in review, of yours: 7 packages.\
""")
    other = ballots.render_approvals_counted(
        42, Counted(decided=1, states={State.WAITING: 1}), Next.OTHER_ACCOUNT, executor=RITA, asking=Asking.UNKNOWN
    )
    assert "It runs with the npm account of @U0RITA" in read(other)
    none = ballots.render_approvals_counted(42, Counted(decided=2), Next.CONFIRM, asking=Asking.UNKNOWN)
    assert read(none) == "👍 Your approval of 2 packages of C-42 counts."
    changed = ballots.render_ballot_changed(42, "offer", REJECT, ["it *is* other"], 3)
    assert "• it \u2217is\u2217 other" in read(changed)
    assert "[Reject…]" in read(changed)
    assert check_message_blocks(list(changed.blocks)) == []
    assert "counted already" in read(ballots.render_ballot_used(42))
    assert "in review any more" in read(ballots.render_decided_meanwhile(42))
    assert "[Approve…]" in read(ballots.render_nothing_ticked(42, "offer", APPROVE))
    assert "3 packages of C-42 rejected" in read(ballots.render_rejections_counted(42, Counted(decided=3)))
