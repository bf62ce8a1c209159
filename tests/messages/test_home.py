"""App Home is within Slack's limits for somebody with thousands of packages, and holds no markup but ours."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.coverage import measure
from bot.domain.drift import Drift, DriftData, DriftKind, Made
from bot.domain.evidence import EvidenceKind
from bot.domain.home import (
    AdminPart,
    DriftView,
    FailedDelivery,
    Frozen,
    HomeContent,
    OwnCoverage,
    ReadyWait,
    ScopeCoverage,
    SentLink,
    UnshownMessage,
)
from bot.domain.overview import HandoffState, LinkState, LinkView
from bot.domain.publishers import Configuration
from bot.messages.drift import render_drift, render_drifts_together
from bot.messages.home import render_home
from bot.sandbox.slack_blocks import check_home, check_message_blocks, is_too_large
from tests.messages.coverage_examples import a_record, an_alarm
from tests.messages.examples import APPROVED, DEADLINE, OTTO, a_view
from tests.messages.reading import texts_of

TEXTS = ("@acme/ui", "<!channel> *b* `c` :tada:", "x" * 3000, "\U0001f600" * 1500)


def a_drift(text: str, kind: DriftKind = DriftKind.APPEARED, **changed: object) -> DriftView:
    claims = {"repository": text, "workflow_ref": {"file": text}}
    configuration = Configuration(id=text, type="github", claims=claims, permissions=(text,))
    made = Made(configuration=configuration, number=7, npm_user=text, at=APPROVED)
    drift = Drift(kind=kind, configuration=configuration, made=made, known_as=text, since=APPROVED)
    data = DriftData(drift=drift, reader=text, maintainers=(text,) * 7, channels=("C1",))
    view = DriftView(value="7", package=text, data=data, found_at=APPROVED, maker=OTTO, may_see=True)
    return replace(view, **changed)  # type: ignore[arg-type]


def full(text: str) -> HomeContent:
    """Build the fullest Home: 2,000 packages, 50 open requests, every part at its most."""
    records = [a_record(f"{text}{number}"[-200:], EvidenceKind.NONE, maintainers=(text,)) for number in range(2000)]
    link = SentLink("h", APPROVED, False, text, 7, text, HandoffState.OPEN, DEADLINE)  # noqa: FBT003
    account = LinkView(id="l", slack_user=OTTO, npm_user=text, state=LinkState.LINKED, session_until=DEADLINE)
    own = OwnCoverage(
        npm_user=text,
        coverage=measure(records, APPROVED),
        now=APPROVED,
        scopes=(ScopeCoverage(text, 1, 2),) * 6,
        scopes_in_all=40,
        lacking=tuple((record, "0:1") for record in records[:5]),
    )
    pending = account.model_copy(update={"state": LinkState.PENDING})
    admin = AdminPart(
        pending=(pending,) * 5,
        pending_in_all=40,
        failed=(FailedDelivery(OTTO, text, APPROVED),) * 5,
        unshown=(UnshownMessage(text, "C1", text),) * 5,
    )
    requests = (a_view(reason=text),) * 8
    return HomeContent(
        link=account,
        frozen=Frozen(OTTO, text, APPROVED),
        decide=requests,
        decide_in_all=50,
        confirm=(link,) * 3,
        ready=ReadyWait("asked:1:x", 40, login=True),
        log_in=3,
        asked=requests,
        asked_in_all=50,
        own=own,
        alarms=(a_drift(text), *(an_alarm(package=text),) * 4),
        links=(link,) * 10,
        admin=admin,
    )


@pytest.mark.parametrize("text", TEXTS, ids=["plain", "markup", "long", "wide"])
def test_the_fullest_home_is_one_that_slack_takes(text: str) -> None:
    view = render_home(full(text)).as_dict()
    assert check_home(view) == []
    assert not is_too_large(view)
    assert len(view["blocks"]) < 100
    assert all("<!channel>" not in text["text"] for text in texts_of(view["blocks"]) if text["type"] == "mrkdwn")


def test_a_control_that_stands_there_for_several_things_is_named_by_its_own() -> None:
    view, other, text = a_view(), a_view(number=8), "@acme/ui"
    content = replace(full(text), confirm=(), ready=None, log_in=0, decide=(view, other), alarms=())
    content = replace(content, asked=(view, other), admin=None)
    blocks = render_home(content).as_dict()["blocks"]
    controls = [control for block in blocks for control in [*block.get("elements", ()), block.get("accessory", {})]]
    names = [control["accessibility_label"] for control in controls if control.get("type") == "button"]
    assert [name for name in names if "C-8" in name] == ["Approve C-8", "Reject… C-8", "Details C-8", "Details C-8"]
    assert "Set up… @acme/ui0" in names
    assert max(map(names.count, names)) == 2  # Details, where it is to be decided and where it was asked for


def test_a_new_home_leads_on() -> None:
    told = str(render_home(HomeContent()).as_dict())
    assert "Link my npm account" in told
    assert "watch @your-scope/*" in told
    assert "For admins" not in told
    assert check_home(render_home(HomeContent()).as_dict()) == []


@pytest.mark.parametrize("text", TEXTS, ids=["plain", "markup", "long", "wide"])
@pytest.mark.parametrize("kind", DriftKind)
def test_drift_is_told_within_the_limits_and_to_channels_without_what_stands_at_npm(text: str, kind: DriftKind) -> None:
    view = a_drift(text, kind)
    over = replace(view, over_at=APPROVED + timedelta(days=1))
    known = replace(view, acknowledged_by=OTTO, acknowledged_at=APPROVED, reason=text)
    for message in (render_drift(view), render_drift(over), render_drift(known), render_drifts_together([view] * 40)):
        assert check_message_blocks(list(message.blocks)) == []
        assert all("<!channel>" not in text["text"] for text in texts_of(message.blocks) if text["type"] == "mrkdwn")
    blind = a_drift("@acme/ui", kind, may_see=False)
    assert "release" not in str(render_drift(blind).blocks)
    assert "C-7" not in str(render_drift(blind).blocks)
