from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError

from bot.sandbox.slack_payloads import NotPossibleError, Typed
from tests.sandbox.slack_world import (
    GENERAL,
    OTTO,
    RITA,
    World,
    actions,
    button,
    field_of,
    modal,
    open_world,
    plain,
    section,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with open_world() as opened:
        yield opened


OPTIONS = [{"text": plain(name), "value": name} for name in ("publish", "stage")]


def choice(block_id: str, kind: str, **more: object) -> dict[str, Any]:
    element = {"type": kind, "action_id": "chosen", "options": OPTIONS, **more}
    return {"type": "input", "block_id": block_id, "label": plain(block_id), "element": element}


FORM = modal(
    field_of("file"),
    {**field_of("environment", initial_value="prod", max_length=10), "optional": True},
    choice("provider", "static_select", initial_option=OPTIONS[0]),
    {**choice("allowed", "checkboxes", initial_options=OPTIONS[:1]), "optional": True},
    callback_id="operation",
    private_metadata="draft 7",
)


async def open_form(world: World, view: dict[str, Any] = FORM) -> str:
    """Open a form for Rita and forget how."""
    await world.slack.command(RITA, GENERAL, "github")
    opened = await world.api.views_open(trigger_id=world.bot.heard.pop()["trigger_id"], view=view)
    return str(opened["view"]["id"])


def typed(text: str | None) -> dict[str, str | list[str] | None]:
    return {"typed": text}


async def test_a_person_reads_the_form(world: World) -> None:
    await open_form(world)
    view = world.slack.view(RITA)
    assert view
    assert (view["title"], view["submit"], view["callback_id"], view["private_metadata"]) == (
        "Form",
        "Send",
        "operation",
        "draft 7",
    )
    assert world.slack.text_of(view).splitlines() == [
        "Form",
        "file []",
        "environment [prod]",
        "provider [publish] [stage]",
        "allowed [publish] [stage]",
    ]


async def test_a_submission_carries_the_state_of_all_inputs(world: World) -> None:
    view_id = await open_form(world)
    values: Typed = {"file": typed("ci.yml"), "allowed": {"chosen": ["stage"]}}
    assert (await world.slack.submit(RITA, view_id, values)).ok
    (payload,) = world.bot.heard
    assert (payload["type"], payload["user"]["id"]) == ("view_submission", RITA)
    view = payload["view"]
    assert (view["id"], view["callback_id"], view["private_metadata"]) == (view_id, "operation", "draft 7")
    assert view["hash"]
    assert view["state"]["values"] == {
        "file": {"typed": {"type": "plain_text_input", "value": "ci.yml"}},
        "environment": {"typed": {"type": "plain_text_input", "value": "prod"}},
        "provider": {"chosen": {"type": "static_select", "selected_option": OPTIONS[0]}},
        "allowed": {"chosen": {"type": "checkboxes", "selected_options": OPTIONS[1:]}},
    }
    assert world.slack.view(RITA) is None


async def test_slack_itself_asks_for_what_is_required(world: World) -> None:
    view_id = await open_form(world)
    done = await world.slack.submit(RITA, view_id, {"environment": typed("x" * 11)})
    assert (done.ok, set(done.errors)) == (False, {"file", "environment"})
    assert world.bot.heard == []
    view = world.slack.view(RITA)
    assert view
    assert view["errors"] == done.errors


async def test_errors_of_the_bot_are_shown_and_the_form_stays(world: World) -> None:
    view_id = await open_form(world)
    errors = {"file": "A file name, not a path."}
    world.bot.answer = lambda _payload: web.json_response({"response_action": "errors", "errors": errors})
    done = await world.slack.submit(RITA, view_id, {"file": typed("a/b.yml")})
    assert (done.ok, done.errors) == (False, errors)
    world.bot.answer = lambda _payload: web.json_response({"response_action": "clear"})
    assert (await world.slack.submit(RITA, view_id, {"file": typed("b.yml")})).ok
    assert world.slack.view(RITA) is None


async def test_a_form_may_become_another(world: World) -> None:
    view_id = await open_form(world)
    world.bot.answer = lambda _payload: web.json_response(
        {"response_action": "update", "view": modal(section("Thanks"))}
    )
    assert (await world.slack.submit(RITA, view_id, {"file": typed("b.yml")})).ok
    view = world.slack.view(RITA)
    assert view
    assert (view["id"], world.slack.text_of(view)) == (view_id, "Form\nThanks")


@pytest.mark.parametrize(
    "answer",
    [
        {"response_action": "errors", "errors": {"nowhere": "x"}},
        {"response_action": "errors", "errors": {}},
        {"response_action": "update", "view": {"type": "modal"}},
        {"response_action": "dance"},
        ["not an object"],
    ],
)
async def test_an_ack_that_slack_does_not_understand_leaves_the_form_open(world: World, answer: object) -> None:
    view_id = await open_form(world)
    world.bot.answer = lambda _payload: web.json_response(answer)
    done = await world.slack.submit(RITA, view_id, {"file": typed("b.yml")})
    assert (done.ok, done.error) == (False, "We had some trouble connecting. Try again?")
    assert world.slack.view(RITA)


async def test_a_bot_that_fails_leaves_the_form_open(world: World) -> None:
    view_id = await open_form(world)
    world.bot.answer = lambda _payload: web.Response(status=500)
    assert not (await world.slack.submit(RITA, view_id, {"file": typed("b.yml")})).ok
    assert world.slack.view(RITA)


async def test_the_bot_hears_of_a_closed_form_only_when_it_asked(world: World) -> None:
    await world.slack.close_view(RITA, await open_form(world))
    assert world.bot.heard == []
    await world.slack.close_view(RITA, await open_form(world, {**FORM, "notify_on_close": True}))
    (payload,) = world.bot.heard
    assert (payload["type"], payload["is_cleared"], payload["view"]["callback_id"]) == (
        "view_closed",
        False,
        "operation",
    )


async def test_an_update_needs_the_hash_that_is_current(world: World) -> None:
    view_id = await open_form(world)
    first = await world.api.views_update(view_id=view_id, view=modal(section("one")))
    await world.api.views_update(view_id=view_id, view=modal(section("two")), hash=first["view"]["hash"])
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await world.api.views_update(view_id=view_id, view=modal(section("three")), hash=first["view"]["hash"])
    assert world.slack.text_of(world.slack.view(RITA) or {}) == "Form\ntwo"


async def test_a_bad_view_is_refused_and_the_trigger_stays_good(world: World) -> None:
    await world.slack.command(RITA, GENERAL, "github")
    trigger = world.bot.heard[0]["trigger_id"]
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        await world.api.views_open(trigger_id=trigger, view={**FORM, "title": plain("t" * 25)})
    large = modal(*(section("x" * 2900) for _ in range(90)))
    with pytest.raises(SlackApiError, match="view_too_large"):
        await world.api.views_open(trigger_id=trigger, view=large)
    await world.api.views_open(trigger_id=trigger, view=FORM)


async def test_a_button_in_a_form_tells_its_view(world: World) -> None:
    view_id = await open_form(world, modal(actions(button("more", value="7"))))
    await world.slack.click_view(RITA, view_id, "more")
    (payload,) = world.bot.heard
    assert payload["container"] == {"type": "view", "view_id": view_id}
    assert (payload["view"]["id"], payload["actions"][0]["value"]) == (view_id, "7")


async def test_a_form_belongs_to_one_person_and_takes_only_what_it_asks(world: World) -> None:
    view_id = await open_form(world)
    with pytest.raises(NotPossibleError):
        await world.slack.submit(OTTO, view_id, {})
    with pytest.raises(NotPossibleError):
        await world.slack.submit(RITA, view_id, {"nowhere": typed("x")})
    with pytest.raises(NotPossibleError):
        await world.slack.submit(RITA, view_id, {"provider": {"chosen": "other"}})
