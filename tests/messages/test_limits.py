"""Whatever comes from outside, every message is one that Slack takes, and holds no markup but ours."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block as SdkBlock

from bot.domain.breaks import Break, BreakKind
from bot.domain.commands import FormDraft, Misunderstood
from bot.domain.evidence import Evidence, EvidenceKind
from bot.domain.lifecycle import State, WaitFor
from bot.domain.mistakes import Mistake
from bot.domain.operations import Create, Operation, Replace, Revoke
from bot.domain.overview import (
    ChangeSetView,
    DecisionView,
    HandoffState,
    HandoffView,
    LinkState,
    LinkView,
    Maintainer,
    PackageListing,
    StepView,
)
from bot.domain.packages import PackageName
from bot.domain.publishers import Configuration, GitHub, Permission, Provider
from bot.domain.script_views import ScriptStep, ScriptView
from bot.domain.survey import SurveyState
from bot.domain.windows import Asking
from bot.messages.alarms import render_alarm, render_alarm_to_owner, render_arrival
from bot.messages.change_set import render_change_set, render_review_request
from bot.messages.commands import render_json, render_mistakes, render_who_am_i
from bot.messages.coverage import render_coverage, render_nothing_known
from bot.messages.details import render_details
from bot.messages.digest import render_digest, render_digest_preview, render_put_aside
from bot.messages.forms import acknowledge_form, operation_form, reject_form
from bot.messages.handoff import render_handoff
from bot.messages.links import render_link_announcement, render_link_outcome, render_link_request
from bot.messages.listings import render_dry_run, render_listings, render_pending, render_status
from bot.messages.message import Message
from bot.messages.refusals import render_other_registry, render_package_not_found, render_repository_unfit
from bot.messages.scripts import render_script
from bot.messages.surveys import (
    render_nothing_to_read,
    render_survey,
    render_survey_begun,
    render_survey_needs_link,
    render_survey_page,
)
from bot.messages.watches import (
    render_cannot_watch,
    render_cron_refused,
    render_watches,
    render_watching,
    render_zone_refused,
)
from bot.sandbox.slack_blocks import check_message_blocks, check_view
from tests.messages.coverage_examples import ARRIVAL, SNOOZED, WATCH, a_coverage, a_digest, a_record, an_alarm
from tests.messages.examples import APPROVED, DEADLINE, FINISHED, OTTO, a_view
from tests.messages.reading import texts_of
from tests.messages.survey_examples import a_survey, surveyed

_SPACE = "*_~`<>&:@!#|/-. \n\u202e\u200b"
OUTSIDE = st.one_of(
    st.text(max_size=40),
    st.text(alphabet=f"aé1{_SPACE}\U0001f600", max_size=60),
    st.sampled_from(("<!channel>", "*b* _i_ ~s~ `c`", ":tada:", "x" * 3000, "&" * 3000, "\U0001f600" * 1500)),
)
OURS = re.compile(
    r"<@[UW][A-Z0-9]+>|<#[CG][A-Z0-9]+>|<!date\^\d+\^\{date_short_pretty\} \{time\}\|\w{3} \d\d:\d\d UTC>"
    r"|<!date\^\d+\^\{(?:date_short|ago)\}\|\d{1,2} \w{3} \d{4}>"
)
CODE = re.compile(r"`[^`]*`")
BENIGN = "word"


def _configuration(text: str) -> Configuration:
    return Configuration(
        id=text,
        type=text,
        claims={text: text, "repository": text},
        permissions=(text, "createPackage"),
        other={text: text},
    )


def _operations(text: str) -> tuple[Operation, ...]:
    package, publisher = PackageName(text), GitHub(repository=text, file=text, environment=text)
    both = (Permission.PUBLISH, Permission.STAGE)
    return (
        Create(package=package, publisher=publisher, permissions=both),
        Revoke(package=package, configuration_id=text, from_repository=text, configuration=_configuration(text)),
        Replace(
            package=package,
            configuration_id=text,
            from_repository=text,
            old=_configuration(text),
            publisher=publisher,
            permissions=both,
        ),
    )


def _step(text: str, operation: Operation, state: State) -> StepView:
    people = {"executor": OTTO, "executor_npm_user": text, "executor_away": True, "reviewers": (OTTO, "U0OLGA")}
    return StepView(
        operation=operation,
        state=state,
        waits_for=WaitFor.LOGIN,
        evidence=Evidence(kind=EvidenceKind.DOWNGRADED, provider=text, version=text, by=text),
        maintainers=(Maintainer(npm_user=text), Maintainer(npm_user=text, slack_user=OTTO)),
        approvals_missing=1,
        decisions=(
            DecisionView(slack_user=OTTO, npm_user=text, approved=True, at=APPROVED),
            DecisionView(slack_user=OTTO, npm_user=text, approved=False, reason=text, at=APPROVED),
        ),
        repository_inferred=True,
        warnings=(text, text),
        difference=text,
        npm_message=text,
        trouble=text,
        next_try_at=FINISHED,
        configuration_id=text,
        configuration_permissions=(text,),
        approved_before=_configuration(text),
        existing=(_configuration(text), _configuration(text)),
        needs_look=isinstance(operation, Replace),
        finished_at=FINISHED,
        publish_before=FINISHED,
        package_url=f"https://www.npmjs.com/package/{text}",
        **people,
    )


def _view(text: str, steps: int, state: State) -> ChangeSetView:
    operations = _operations(text)
    return a_view(*(_step(text, operations[at % 3], state) for at in range(steps)), reason=text, cancelled_by=OTTO)


def _of_change_set(text: str, steps: int, state: State) -> Iterator[Message]:
    view, short = _view(text, steps, state), _view(text, 1, state)
    yield from (
        render_change_set(view),
        render_review_request(view),
        render_pending([short] * 42),
        render_status([short] * 42),
    )
    yield from (render_details(view, may_see_configurations=may) for may in (True, False))
    yield render_dry_run(view)


def _of_people(text: str) -> Iterator[Message]:
    link = LinkView(
        id="l1",
        slack_user="U0SAM",
        npm_user=text,
        state=LinkState.LINKED,
        proof=text,
        slack_name=text,
        slack_email=text,
    )
    yield from (
        render(link) for render in (render_link_announcement, render_link_outcome, render_link_request, render_who_am_i)
    )
    for state in HandoffState:
        handoff = HandoffView(
            id="h1",
            login=False,
            state=state,
            url="https://www.npmjs.com/auth/cli/1",
            host=text,
            expires_at=DEADLINE,
            what=text,
        )
        yield render_handoff(handoff.model_copy(update={"npm_user": text, "outcome": text, "requester": text}))
        each = {"asking": Asking.EACH, "calls": 20, "scriptable": 19, "npm_user": text}
        yield render_handoff(handoff.model_copy(update=each))
    for operations, is_given in ((_operations("x")[:1], True), (_operations(text), False)):
        steps = [
            ScriptStep(operation=operation, change_set=7, state=State.WAITING, is_given=is_given)
            for operation in operations
        ]
        yield render_script(
            ScriptView(id="s1", npm_user=text, registry="https://registry.example/", steps=(*steps,) * 6)
        )


def _of_lines(text: str) -> Iterator[Message]:
    mistake = Mistake(what=text, expected=text, got=text, suggestion=text)
    yield render_mistakes(Misunderstood(mistakes=(mistake,) * 12, corrected=text), text, edit="d1")
    yield render_mistakes(Misunderstood(mistakes=()), text)
    yield render_json([text] * 20)
    yield render_package_not_found(text, linked=False)
    yield render_repository_unfit(text, found=text, provider=text)
    yield render_other_registry(text, host=text)
    listing = PackageListing(
        package=text,
        evidence=Evidence(kind=EvidenceKind.TRUSTED, provider=text, version=text),
        maintainers=(Maintainer(npm_user=text),) * 12,
        configurations=(_configuration(text),) * 2,
        problem=text,
        pending=(1, 2),
    )
    yield render_listings([listing] * 42)
    packages = surveyed(text)
    outside = {"npm_user": text, "selection": text, "problems": ((text, 3), (text, 1))}
    for each in SurveyState:
        yield render_survey(a_survey(each, packages[2:], **outside, waits_for_press=True, asks_each=True))
    yield render_survey_page("s1", packages[-10:], after=10, total=2000, size=10)
    yield from (render_nothing_to_read(text, 3), render_survey_needs_link(text, 30), render_survey_begun(text, 30))


def _of_coverage(text: str) -> Iterator[Message]:
    kinds = (EvidenceKind.TRUSTED, EvidenceKind.DOWNGRADED, EvidenceKind.NONE)
    known = {"provider": text, "configuration_id": text, "repository": text, "problem": text, "version": text}
    records = [a_record(text, kind, maintainers=(text,) * 7, by=text, **known) for kind in kinds]
    for each in ((), tuple(records)):
        yield render_coverage(a_coverage(records, selection=text, note=text, csv_note=text, records=each))
    yield render_nothing_known(text)
    content = a_digest(records, selection=text)
    yield render_digest(content, {package.name: "7:1" for package in content.lacking})
    watch = replace(WATCH, selection=text, cron=text, timezone=text, problem=text)
    yield render_digest_preview(content.model_copy(update={"new_without": content.lacking}), [watch])
    yield render_put_aside(replace(SNOOZED, package=text))
    for kind in BreakKind:
        found = Break(kind=kind, version=text, by=text, before=text, after=text, version_before=text)
        alarm = an_alarm(break_=found, package=text, owners=(Maintainer(npm_user=text),) * 20)
        yield from (render_alarm(alarm), render_alarm_to_owner(alarm, "C1"))
        yield render_alarm(replace(alarm, acknowledged_by=OTTO, reason=text))
    yield render_arrival(replace(ARRIVAL, package=text, version=text, label=text))
    yield from (render_watching(watch, is_new=True), render_watches([watch] * 30, [SNOOZED]))
    yield from (render_cron_refused(text, text), render_zone_refused(text, [text]), render_cannot_watch("C1", text))


def _problems_of(message: Message) -> list[str]:
    """Look as the strict stand-in does, and as Slack's own library does. The blocks to copy from are looked at here."""
    blocks = [dict(block) for block in message.blocks]
    preformatted = [block for block in blocks if block["type"] == "rich_text"]
    copied = [block["elements"][0]["elements"][0]["text"] for block in preformatted]
    others = [block for block in blocks if block["type"] != "rich_text"]
    problems = check_message_blocks(others) if others else []
    problems += [f"{len(text)} characters to copy" for text in copied if not 0 < len(text) <= 3000]
    if not message.text or len(message.text) > 1000 or len(blocks) > 50:
        problems.append("the message as a whole")
    for block in SdkBlock.parse_all(blocks):
        block.validate_json()
    return problems


def _markup_of(message: Message) -> Counter[str]:
    """Count the signs that Slack could read as markup once our own mentions and dates are out."""
    marks: Counter[str] = Counter()
    for text in [*texts_of(message.blocks), {"type": "mrkdwn", "text": message.text, "verbatim": True}]:
        if text["type"] == "mrkdwn":
            assert text["verbatim"] is True
            left = OURS.sub("", text["text"])
            assert "<" not in left
            assert ">" not in left
            marks["`"] += left.count("`")
            left = CODE.sub("", left)  # nothing is markup in it
            marks.update(re.findall(r"(?<![A-Za-z0-9])[*_~]|[*_~](?![A-Za-z0-9])|`", left))
    return marks


@settings(max_examples=15, deadline=None)
@given(OUTSIDE, st.sampled_from(State), st.sampled_from((1, 3, 20, 25)))
def test_slack_takes_every_change_set(text: str, state: State, steps: int) -> None:
    for message in _of_change_set(text, steps, state):
        assert _problems_of(message) == []


@settings(max_examples=15, deadline=None)
@given(OUTSIDE)
def test_slack_takes_every_other_message(text: str) -> None:
    for message in (*_of_people(text), *_of_lines(text), *_of_coverage(text)):
        assert _problems_of(message) == []


@settings(max_examples=15, deadline=None)
@given(st.text(alphabet=f"aé1{_SPACE}", max_size=12), st.sampled_from(State))
def test_text_from_outside_adds_no_markup(text: str, state: State) -> None:
    hostile = f"x {text} x"
    pairs = zip(_all(hostile, state), _all(BENIGN, state), strict=True)
    for message, benign in pairs:
        assert _markup_of(message) == _markup_of(benign)


def _all(text: str, state: State) -> Iterator[Message]:
    yield from (*_of_change_set(text, 1, state), *_of_people(text), *_of_lines(text), *_of_coverage(text))


@settings(max_examples=15, deadline=None)
@given(OUTSIDE, st.sampled_from(Provider))
def test_slack_takes_every_form(text: str, provider: Provider) -> None:
    fields: dict[str, Any] = dict.fromkeys(("repo", "file", "project", "org-id", "context-id"), text)
    draft = FormDraft(provider=provider, package=text, fields=fields, reason=text)
    assert check_view(operation_form(draft, channel="C0GENERAL").as_dict()) == []
    assert check_view(reject_form("offer-1", channel="C0GENERAL", what=text).as_dict()) == []
    assert check_view(acknowledge_form("alarm-1", channel="C0GENERAL", what=text).as_dict()) == []
