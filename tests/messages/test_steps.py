# ruff: noqa: E501 -- what people read is not wrapped
import pytest
from inline_snapshot import snapshot

from bot.domain.command_parser import parse_command
from bot.domain.commands import SetUp
from bot.domain.lifecycle import OPEN_STATES, State, WaitFor
from bot.domain.operations import Create, Revoke
from bot.domain.publishers import PROVIDERS, CircleCI, GitLab, Publisher
from bot.messages.change_set import render_change_set
from bot.messages.ids import Action
from tests.messages.examples import (
    APPROVAL,
    CREATE,
    ENDED,
    ID,
    OLD,
    OLGA,
    OPEN,
    OVERLAPPING,
    RELEASE,
    REPLACE,
    REVOKE,
    RITA,
    UI,
    a_step,
    a_view,
    a_waiting_step,
    an_ended_step,
)
from tests.messages.reading import actions_of, read


def test_an_open_step_says_where_it_is_and_who_must_act() -> None:
    told = {name: read(render_change_set(a_view(step))).split("\n", 4)[4] for name, step in OPEN.items()}
    assert told == snapshot(
        {
            "ready": """\
Approved by @U0OTTO Mon 14:03 UTC. Next: the call to npm, in its turn.
(until Thu 14:05 UTC · C-42)
[Withdraw my approval] [Details] [Cancel]\
""",
            "npm is down": """\
Approved by @U0OTTO Mon 14:03 UTC. Next: the call to npm, in its turn.
⏳ npm cannot be reached; I try again Mon 14:06 UTC. Nobody has to do anything.
(until Thu 14:05 UTC · C-42)
[Withdraw my approval] [Details] [Cancel]\
""",
            "calling": """\
⏳ Asking npm now, as npm user otto-npm.
(until Thu 14:05 UTC · C-42)
[Details] [Cancel]\
""",
            "cancel wanted": """\
⏳ Asking npm now, as npm user otto-npm.
⏹ Somebody cancelled: it stops if npm has not acted.
(until Thu 14:05 UTC · C-42)
[Details] [Cancel]\
""",
            "unknown": """\
⏳ npm did not say whether it acted. I look before I say or send anything.
(until Thu 14:05 UTC · C-42)
[Details] [Cancel]\
""",
            "confirmation": """\
✋ Waits for @U0OTTO to confirm at npm, as npm user otto-npm: the link is in their DM.
(until Thu 14:05 UTC · C-42)
[Withdraw my approval] [Details] [Cancel]\
""",
            "login": """\
✋ Waits for @U0OTTO to log in at npm, as npm user otto-npm: the link is in their DM.
(until Thu 14:05 UTC · C-42)
[Withdraw my approval] [Details] [Cancel]\
""",
            "away": """\
✋ Waits for @U0OTTO to confirm at npm, as npm user otto-npm; the link is over. @U0OTTO can press I'm ready in the DM, or type `/npmtrust login`, @U0OLGA can press Run with my account.
(until Thu 14:05 UTC · C-42)
[Run with my account] [Withdraw my approval] [Details] [Cancel]\
""",
            "account": """\
✋ Waits for an account: nobody who approved can make this call at npm. Whoever maintains the package can press Run with my account.
(until Thu 14:05 UTC · C-42)
[Run with my account] [Withdraw my approval] [Details] [I maintain this: link my npm account] [Cancel]\
""",
            "second half": """\
Why: drop tokens
⏳ Half done: the new one stands; next I revoke the old one.
(until Thu 14:05 UTC · C-42)
[Details] [Cancel]\
""",
            "second half, overlapping": """\
Why: drop tokens
⏳ Half done: the old one is revoked; next I make the new one.
(until Thu 14:05 UTC · C-42)
[Details] [Cancel]\
""",
            "account unknown": """\
⏳ Asking npm now.
(until Thu 14:05 UTC · C-42)
[Details] [Cancel]\
""",
            "restoring": """\
Why: drop tokens
⏳ The old one is revoked, but npm did not take the new one: I put the old one back.
(until Thu 14:05 UTC · C-42)
[Details] [Cancel]\
""",
        }
    )


def test_every_end_is_told_with_the_way_out() -> None:
    told = {state.value: read(render_change_set(a_view(step, cancelled_by=RITA))) for state, step in ENDED.items()}
    assert told == snapshot(
        {
            "applied": """\
✅ @acme/ui now trusts acme/ui → release.yml (publish, stage)
Publish through it before Wed 14:06 UTC, or npm drops it.
(asked @U0RITA · approved and run by @U0OTTO Mon 14:06 UTC · id eebc175d… · C-42)
[Details] [Package on npm]\
""",
            "already_in_place": """\
✅ @acme/ui trusts acme/ui → release.yml already: nothing to do.
npm's own list says so. No call changed anything.
(asked @U0RITA · approved and run by @U0OTTO Mon 14:06 UTC · id eebc175d… · C-42)
[Details] [Package on npm]\
""",
            "already_gone": """\
✅ @acme/ui: configuration eebc175d… was gone already: nothing to do.
npm's own list says so. No call changed anything.
(asked @U0RITA · approved and run by @U0OTTO Mon 14:06 UTC · C-42)
[Details] [Package on npm]\
""",
            "restored": """\
↩️ @acme/ui: the old configuration is back.
npm did not take the new one. npm: "no such workflow"
npm's two days count again. Publish through it before Wed 14:06 UTC, or npm drops it.
(asked @U0RITA · approved and run by @U0OTTO Mon 14:06 UTC · id 0d7a3b1e… · C-42)
[Details] [Ask again…]
(To go on, type:)
| /npmtrust replace @acme/ui --id 0d7a3b1e-4a51-4a40-9d6c-5b0f8f1f2a3b with github --repo acme/ui --file release.yml --allow-publish --allow-stage-publish\
""",
            "conflict": """\
❌ @acme/ui: nothing changed.
Another configuration overlaps with acme/ui → release.yml. npm: "a trusted publisher that overlaps exists"
An owner must find it in npm's list and revoke it; then ask again.
(asked @U0RITA · approved and run by @U0OTTO Mon 14:06 UTC · C-42)
[Details]
(To go on, type:)
| /npmtrust list @acme/ui\
""",
            "refused": """\
❌ @acme/ui: nothing changed. npm: "permissions is required"
Mend what npm names, then ask again.
(asked @U0RITA · approved and run by @U0OTTO Mon 14:06 UTC · C-42)
[Details] [Ask again…]
(To go on, type:)
| /npmtrust github @acme/ui --repo acme/ui --file release.yml --allow-publish --allow-stage-publish\
""",
            "rejected": """\
✋ Rejected by @U0OLGA: let acme/ui → release.yml publish @acme/ui
"wrong file"
Nothing changed at npm.
(asked @U0RITA · ended Mon 14:03 UTC · C-42)
[Details] [Revise…]\
""",
            "cancelled": """\
⏹ Cancelled by @U0RITA: let acme/ui → release.yml publish @acme/ui
Nothing changed at npm.
(asked @U0RITA · ended Mon 14:03 UTC · C-42)
[Details]\
""",
            "expired": """\
⌛ Expired: let acme/ui → release.yml publish @acme/ui
It was not approved and begun by Thu 14:05 UTC. Nothing changed at npm.
(asked @U0RITA · ended Mon 14:06 UTC · C-42)
[Details] [Ask again…]
(To go on, type:)
| /npmtrust github @acme/ui --repo acme/ui --file release.yml --allow-publish --allow-stage-publish\
""",
            "unresolved": """\
⚠️ @acme/ui: I could not find out whether npm acted.
An owner must look: npm's list shows what stands. Ask again only for what is missing.
(asked @U0RITA · approved and run by @U0OTTO Mon 14:06 UTC · C-42)
[Details]
(To go on, type:)
| /npmtrust list @acme/ui\
""",
            "left_half": """\
⚠️ @acme/ui: left half replaced. npm: "no such workflow"
acme/ui → release.yml is trusted, and the old configuration eebc175d… still is too. An owner must revoke it.
(asked @U0RITA · approved and run by @U0OTTO Mon 14:06 UTC · C-42)
[Details] [Ask for the rest…]
(To go on, type:)
| /npmtrust revoke @acme/ui --id eebc175d-4720-4fc8-a31a-6491ca36fb47\
""",
        }
    )


def test_what_is_left_half_depends_on_its_order() -> None:
    told = [
        read(render_change_set(a_view(an_ended_step(State.LEFT_HALF, operation)))).splitlines()[1]
        for operation in (OVERLAPPING, REVOKE)
    ]
    assert told == snapshot(
        [
            "The old configuration eebc175d… is revoked, and acme/ui → release.yml is not trusted. An owner must ask for it again.",
            "An owner must look: npm's list shows what stands.",
        ]
    )


CIRCLE = CircleCI(
    org_id=ID, project_id=ID, pipeline_definition_id=ID, vcs_origin="github.com/acme/ui", context_ids=(ID,)
)


@pytest.mark.parametrize(
    "publisher",
    [
        RELEASE.model_copy(update={"environment": "production"}),
        GitLab(project="acme/web/ui", file=".gitlab-ci.yml"),
        CIRCLE,
    ],
)
def test_the_line_to_ask_again_is_understood(publisher: Publisher) -> None:
    operation = CREATE.model_copy(update={"publisher": publisher})
    line = read(render_change_set(a_view(an_ended_step(State.EXPIRED, operation)))).splitlines()[-1]
    command = parse_command(line.removeprefix("| "))
    assert isinstance(command, SetUp)
    assert PROVIDERS[publisher.provider].build(command.fields) == publisher


def test_a_replace_that_was_not_begun_can_be_asked_for_again() -> None:
    by_repository = REPLACE.model_copy(update={"configuration_id": "", "from_repository": "acme/old"})
    ended = ((State.EXPIRED, REPLACE), (State.RESTORED, by_repository), (State.LEFT_HALF, OVERLAPPING))
    told = [
        read(render_change_set(a_view(an_ended_step(state, operation, configuration_id="new")))).splitlines()[-1]
        for state, operation in (*ended, (State.UNRESOLVED, REPLACE))
    ]
    assert told == snapshot(
        [
            "| /npmtrust replace @acme/ui --id eebc175d-4720-4fc8-a31a-6491ca36fb47 with github --repo acme/ui --file release.yml --allow-publish --allow-stage-publish",
            "| /npmtrust replace @acme/ui --from-repo acme/old with github --repo acme/ui --file release.yml --allow-publish --allow-stage-publish",
            "| /npmtrust github @acme/ui --repo acme/ui --file release.yml --allow-publish --allow-stage-publish",
            "| /npmtrust list @acme/ui",
        ]
    )


def test_what_stands_in_the_way_can_be_replaced_by_a_press() -> None:
    conflict = an_ended_step(State.CONFLICT, existing=(OLD,), npm_message="it overlaps")
    assert read(render_change_set(a_view(conflict))) == snapshot("""\
❌ @acme/ui: nothing changed.
Another configuration overlaps with acme/ui → release.yml. npm: "it overlaps"
Details shows both, to who may see them; Replace it… asks to put the new one in its place.
(asked @U0RITA · approved and run by @U0OTTO Mon 14:06 UTC · C-42)
[Details] [Replace it…]
(To go on, type:)
| /npmtrust list @acme/ui\
""")
    unseen = an_ended_step(State.CONFLICT)
    several = render_change_set(a_view(conflict, unseen, conflict.model_copy(update={"position": 2})))
    buttons = [each for block in several.blocks for each in block.get("elements", ()) if each.get("type") == "button"]
    values = [each["value"] for each in buttons if each["action_id"] == Action.REPLACE]
    assert values == ["offer-1:0", "offer-1:2"]


def test_every_state_is_drawn() -> None:
    assert set(ENDED) | OPEN_STATES == set(State)


@pytest.mark.parametrize("operation", [REVOKE, REPLACE])
def test_what_was_done_is_said_in_its_own_words(operation: Create) -> None:
    done = {
        "revoke": snapshot("✅ @acme/ui: configuration eebc175d… is revoked"),
        "replace": snapshot("✅ @acme/ui now trusts acme/ui → release.yml instead of configuration eebc175d…"),
    }
    message = render_change_set(a_view(an_ended_step(State.APPLIED, operation)))
    assert read(message).splitlines()[0] == done[operation.kind]


def test_a_revoke_that_was_refused_can_be_asked_for_again_by_its_selector() -> None:
    step = an_ended_step(State.REFUSED, Revoke(package=UI, from_repository="acme/old", configuration=OLD))
    assert read(render_change_set(a_view(step))).splitlines()[-1] == snapshot(
        "| /npmtrust revoke @acme/ui --from-repo acme/old"
    )


def test_two_approvals_and_another_account_are_told_apart() -> None:
    step = an_ended_step(
        State.APPLIED, decisions=(APPROVAL, APPROVAL.model_copy(update={"slack_user": OLGA})), executor=RITA
    )
    assert read(render_change_set(a_view(step))).splitlines()[-2] == snapshot(
        "(asked @U0RITA · approved by @U0OTTO, @U0OLGA · run by @U0RITA Mon 14:06 UTC · C-42)"
    )


def test_a_link_to_npm_that_is_no_web_address_is_no_button() -> None:
    for address in ("", "javascript:alert(1)", "https://[", "https:///x", "https://x/" + "y" * 3000):
        assert Action.OPEN_PACKAGE not in actions_of(
            render_change_set(a_view(an_ended_step(State.APPLIED, package_url=address)))
        )


BUTTONS = (
    ("in review", a_step(), "approve reject details link_account cancel"),
    ("approved once", a_step(decisions=(APPROVAL,)), "approve reject withdraw details link_account cancel"),
    ("everybody linked", a_step(maintainers=()), "approve reject details cancel"),
    ("not read", a_step(needs_look=True), "look reject details link_account cancel"),
    ("ready", OPEN["ready"], "withdraw details cancel"),
    ("calling", OPEN["calling"], "details cancel"),
    ("unknown", OPEN["unknown"], "details cancel"),
    ("waiting", OPEN["confirmation"], "withdraw details cancel"),
    ("waiting, npm may have acted", a_waiting_step(WaitFor.LOGIN, maybe_acted=True), "details cancel"),
    ("away", OPEN["away"], "run_with_my_account withdraw details cancel"),
    ("account", OPEN["account"], "run_with_my_account withdraw details link_account cancel"),
    ("applied", ENDED[State.APPLIED], "details open_package"),
    ("rejected", ENDED[State.REJECTED], "details revise"),
)


@pytest.mark.parametrize(("name", "step", "expected"), BUTTONS, ids=[name for name, _, _ in BUTTONS])
def test_a_button_stands_only_where_it_can_count(name: str, step: object, expected: str) -> None:
    assert isinstance(step, type(a_step())), name
    buttons = actions_of(render_change_set(a_view(step)))
    assert " ".join(buttons) == expected
    others = {Action.OPEN_PACKAGE, Action.REVISE}
    assert {button.get("value") for action, button in buttons.items() if action not in others} == {"offer-1"}
