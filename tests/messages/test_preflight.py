"""What is said of workflows, and of the two days after a create."""

from datetime import UTC, datetime

import pytest

from bot.domain.preflight import Look, judge
from bot.domain.preflight_views import CheckedPublisher, Origin, PackageCheck
from bot.domain.publishers import GitHub, GitLab, Publisher
from bot.domain.two_days import Stage, TwoDayView, Use, WaitingPackage
from bot.domain.workflow_files import Part, Reference, SeenFile
from bot.messages.message import Message
from bot.messages.preflight import render_check
from bot.messages.two_days import render_already_again, render_nothing_again, render_round, render_set_up_again
from bot.sandbox.slack_blocks import check_message_blocks
from tests.messages.reading import actions_of, read, read_notification

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
EVIL = "<!channel> *`_~:smile:" * 40


def waiting(name: str = "@acme/ui", use: Use = Use.UNUSED, label: str = "acme/ui → release.yml") -> WaitingPackage:
    return WaitingPackage(package=name, label=label, use=use, applied_at=NOW)


def view(*packages: WaitingPackage, stage: Stage = Stage.REMINDED, value: str = "") -> TwoDayView:
    return TwoDayView(stage=stage, number=7, packages=packages, value=value, as_of=NOW)


def slack_takes(message: Message) -> bool:
    return not check_message_blocks([dict(block) for block in message.blocks])


def test_a_reminder_of_many_packages_names_some_and_tells_how_far_it_is() -> None:
    packages = [waiting(f"@acme/p{n}") for n in range(1000)] + [waiting("@acme/used", Use.USED)]
    told = render_round(view(*packages))
    assert slack_takes(told)
    text = read(told)
    assert "⏰ Publish 1000 packages before Wed 14:00 UTC, or npm drops the trusted publisher" in text
    assert "• @acme/p11 through acme/ui → release.yml\n… and 988 more" in text
    assert "C-7 · 1 of 1001 used" in text


def test_what_cannot_be_seen_is_not_said_to_be_unused() -> None:
    over = view(waiting(use=Use.UNCLEAR), stage=Stage.OVER, value="1")
    text = read(render_round(over))
    assert "I cannot see whether a version came through it. If none did, npm has dropped it." in text
    assert "no version came through it." not in text.replace("whether a version came through it.", "")
    both = view(waiting("a"), waiting("b", Use.UNCLEAR), stage=Stage.OVER, value="1")
    text = read(render_round(both))
    assert "npm drops them after two days; no version came through them." in text
    assert "Of 1 package I cannot see whether a version came through it." in text
    assert "• b through acme/ui → release.yml (not visible to me)" in text
    assert list(actions_of(render_round(both))) == ["set_up_again"]
    assert "Public data does not show" in read(render_round(view(waiting(use=Use.UNCLEAR))))


def test_once_it_is_set_up_again_or_used_there_is_no_button() -> None:
    over = view(waiting(), stage=Stage.OVER).model_copy(update={"again_number": 9})
    assert "C-9 sets it up again." in read(render_round(over))
    assert actions_of(render_round(over)) == {}
    assert "✅ It is used: @acme/ui through acme/ui → release.yml" in read(render_round(view(waiting(use=Use.USED))))
    assert "nothing to wait for" in read_notification(render_round(view()))


@pytest.mark.parametrize(
    ("review", "executor", "is_own", "told"),
    [
        (0, "U0OTTO", True, "Next I send you npm's link by DM."),
        (0, "U0OTTO", False, "It runs once @U0OTTO is ready."),
        (2, "", False, "It needs a new approval"),
        (1, "U0OTTO", True, "1 of them need a new approval"),
    ],
)
def test_the_answer_to_who_set_it_up_again_says_what_follows(
    review: int,
    executor: str,
    is_own: bool,  # noqa: FBT001
    told: str,
) -> None:
    text = read(render_set_up_again(9, packages=2, review=review, executor=executor, is_own=is_own))
    assert "C-9 sets up 2 packages again." in text
    assert told in text
    assert "C-9" in read(render_already_again(9))
    assert "nothing to set up again" in read(render_nothing_again())


def test_lines_that_belong_into_the_job_that_calls_are_shown_for_it() -> None:
    called: dict[str, object] = {
        "on": "workflow_call",
        "jobs": {"publish": {"runs-on": "self-hosted", "steps": [{"run": "npm publish"}]}},
    }
    reference = Reference(part=Part.WORKFLOW, repository="acme/ui", path=".github/workflows/publish.yml")
    caller: dict[str, object] = {"on": "push", "jobs": {"release": {"uses": "./.github/workflows/publish.yml"}}}
    github = GitHub(repository="acme/ui", file="release.yml")

    def told() -> str:
        look = Look(found=True, document=caller, files=(SeenFile(reference=reference, document=called),))
        checked = CheckedPublisher(publisher=github, origin=Origin.SET_UP, points=judge(github, look, None))
        return read(render_check(PackageCheck(package="@acme/ui", checked=(checked,))))

    before, _, after = told().partition("In the job that calls the one that publishes:")
    assert "      id-token: write" in after.partition("In the job that publishes:")[0]
    assert "    runs-on: ubuntu-latest" in after.partition("In the job that publishes:")[2]
    assert "      id-token: write" not in before
    called["permissions"] = {"contents": "read"}
    assert "In the job that publishes, and in the one that calls it:" in told()


def test_a_check_shows_the_lines_that_mend_it_within_slacks_limits() -> None:
    old: dict[str, object] = {
        "on": "push",
        "jobs": {EVIL: {"runs-on": "self-hosted", "steps": [{"run": "npm publish"}]}},
    }
    github = GitHub(repository="acme/ui", file="release.yml", environment="production")
    gitlab = GitLab(project="acme/ui", file=".gitlab-ci.yml", environment="production")
    pipeline: dict[str, object] = {"publish": {"script": ["npm publish"], "image": "node:20"}}
    looks: list[tuple[Publisher, Look]] = [
        (github, Look(found=True, document=old)),
        (gitlab, Look(found=True, document=pipeline)),
        *((github, Look(found=True, known_as=EVIL)) for _ in range(7)),
        (gitlab, Look(found=True, document={"include": [{"template": EVIL}, {"local": EVIL}, EVIL, "a.yml", "b.yml"]})),
    ]
    checked = [
        CheckedPublisher(publisher=publisher, origin=Origin.SET_UP, points=judge(publisher, look, None))
        for publisher, look in looks
    ]
    told = render_check(PackageCheck(package="@acme/ui", checked=tuple(checked)))
    assert slack_takes(told)
    assert "<!channel>" not in str(told.blocks)
    text = read(told)
    assert "@acme/ui: 14 things to mend" in text
    assert "❌ The job publish uses Node 20; npm needs 22.14 or later." in text
    for line in (
        "      id-token: write",
        "    environment: production",
        "    runs-on: ubuntu-latest",
        "  image: node:24",
    ):
        assert line in text
    assert "/npmtrust github left-behind --repo OWNER/REPO --file FILE.yml" in read(
        render_check(PackageCheck(package="left-behind", checked=()))
    )
