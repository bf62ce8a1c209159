import asyncio
import json
import threading
from urllib.parse import urlencode

import pytest

from bot.domain.commands import FormDraft
from bot.domain.deliveries import ClickDelivery, CommandDelivery, HomeDelivery, SubmissionDelivery
from bot.domain.publishers import Provider
from bot.messages.forms import operation_form, reject_form
from bot.sandbox.cast import TEAM_ID
from bot.workflow.limits import COMMANDS_OF_PERSON
from tests.handlers.door import Answered, Door, click, command, submission, written
from tests.patience import PATIENCE

pytestmark = pytest.mark.anyio

GITHUB = operation_form(FormDraft(provider=Provider.GITHUB), channel="C0GENERAL")
REJECT = reject_form("offer-1", channel="C0GENERAL", what="@acme/ui")
FILLED: dict[str, object] = {
    "packages": written("@acme/ui"),
    "file": written("release.yml"),
    "repo": written("acme/ui"),
    "environment": written(""),
    "permissions": {"type": "checkboxes", "selected_options": [{"value": "createPackage", "text": {}}]},
    "reason": written("drop tokens"),
}


async def test_a_command_is_stored_as_it_was_typed(door: Door) -> None:
    answered = await door.command("github @acme/ui --file release.yml")
    assert (answered.status, answered.text) == (200, "")
    assert await door.stored() == [
        CommandDelivery(
            user="U0RITA",
            channel="C0GENERAL",
            text="github @acme/ui --file release.yml",
            response_url="https://hooks.slack.com/commands/T0ACME/1/x",
            trigger_id="13345224609.738474920.8088930838d88f008e0",
        )
    ]


@pytest.mark.parametrize(
    "text", ["", " ", "x" * 3000, "<!channel> & <@U0OTTO|otto>", '"unclosed', "é\u2014file", "a\0b"]
)
async def test_any_text_is_stored(door: Door, text: str) -> None:
    assert (await door.command(text)).status == 200
    (stored,) = await door.stored()
    assert isinstance(stored, CommandDelivery)
    assert (stored.text, stored.secret_removed) == (text.replace("\0", ""), False)


@pytest.mark.parametrize("text", ["github @acme/ui --otp 123456", "list npm_" + "a1B2" * 9, "revoke a --otp=123456"])
async def test_a_secret_is_never_stored(door: Door, text: str) -> None:
    assert (await door.command(text)).status == 200
    (stored,) = await door.stored()
    assert isinstance(stored, CommandDelivery)
    assert stored.secret_removed
    assert not [secret for secret in ("123456", "a1B2a1B2") if secret in stored.text]


async def test_the_same_delivery_is_stored_once(door: Door) -> None:
    for _ in range(3):
        assert (await door.command("help")).status == 200
    assert len(await door.stored()) == 1


async def test_what_comes_at_once_is_stored_once_and_limited_as_if_it_came_one_by_one(door: Door) -> None:
    most, free = COMMANDS_OF_PERSON.most, threading.Event()

    def hold(point: str) -> None:
        assert "after" in point or free.wait(PATIENCE)

    door.app.services.database.at_point = hold
    wanted = [door.command(f"status C-{number}", trigger_id=f"t-{number // 2}") for number in range(2 * most + 10)]
    wanted += [door.command("pending", trigger_id=f"o-{number}", user_id="U0OTTO") for number in range(3)]
    asking = asyncio.gather(*wanted)
    while len(door.app.services.intake._waiting) < len(wanted) - 1:  # noqa: ASYNC110, SLF001 -- behind the first
        await asyncio.sleep(0)
    free.set()
    refused = [answer for answer in await asking if answer.text]
    assert len(refused) == 10
    assert all(f"I take {most} a minute from one person" in answer.text for answer in refused)
    people = [stored.user for stored in await door.stored()]
    assert (people.count("U0RITA"), people.count("U0OTTO")) == (most, 3)


async def test_deliveries_without_a_trigger_are_told_apart_by_what_they_say(door: Door) -> None:
    for text in ("help", "help", "pending"):
        await door.command(text, trigger_id="")
    assert [stored.text for stored in await door.stored() if isinstance(stored, CommandDelivery)] == ["help", "pending"]


async def test_a_press_is_stored_also_one_of_a_button_that_we_never_made(door: Door) -> None:
    assert (await door.interact(click("no such button"))).status == 200
    assert await door.stored() == [
        ClickDelivery(
            user="U0OTTO",
            channel="C0RELEASES",
            action="no such button",
            value="42",
            message_ts="1772633100.000100",
            response_url="https://hooks.slack.com/actions/T0ACME/1/x",
            trigger_id="12466734323.1395872398",
        )
    ]


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ({}, ""),
        ({"value": None}, ""),
        ({"selected_option": {"value": "a"}}, "a"),
        ({"selected_options": [{"value": "a"}, {"value": "b"}]}, "a b"),
    ],
)
async def test_a_choice_is_stored_as_its_value(door: Door, element: dict[str, object], value: str) -> None:
    await door.interact(click("", actions=[{"action_id": "choose", **element}]))
    (stored,) = await door.stored()
    assert isinstance(stored, ClickDelivery)
    assert stored.value == value


async def test_a_press_in_a_form_has_no_message(door: Door) -> None:
    await door.interact(click("a", channel=None, container={"type": "view", "view_id": "V1"}, response_url=""))
    (stored,) = await door.stored()
    assert isinstance(stored, ClickDelivery)
    assert (stored.channel, stored.message_ts) == ("", "")


async def test_a_form_that_is_filled_in_right_is_stored_and_closes(door: Door) -> None:
    answered = await door.interact(submission("operation", FILLED, metadata=GITHUB.private_metadata))
    assert (answered.status, answered.text) == (200, "")
    (stored,) = await door.stored()
    assert isinstance(stored, SubmissionDelivery)
    assert (stored.user, stored.callback, stored.metadata) == ("U0RITA", "operation", GITHUB.private_metadata)
    assert stored.values["packages"] == "@acme/ui"
    assert stored.values["permissions"] == "createPackage"


def errors_of(answered: Answered) -> dict[str, str]:
    assert (answered.status, answered.json["response_action"]) == (200, "errors")
    errors: dict[str, str] = answered.json["errors"]
    return errors


async def test_mistakes_in_a_form_are_shown_below_their_fields(door: Door) -> None:
    values = FILLED | {"packages": written(""), "file": written("ci/release.yml"), "repo": written("acme")}
    errors = errors_of(await door.interact(submission("operation", values, metadata=GITHUB.private_metadata)))
    assert set(errors) == {"packages", "file", "repo"}
    assert "release.yml" in errors["file"]
    assert await door.stored() == []


async def test_a_rejection_needs_a_reason(door: Door) -> None:
    values: dict[str, object] = {"reason": written(" ")}
    errors = errors_of(await door.interact(submission("reject", values, metadata=REJECT.private_metadata)))
    assert set(errors) == {"reason"}


async def test_a_secret_in_a_form_is_shown_and_not_stored(door: Door) -> None:
    values = FILLED | {"reason": written("with npm_" + "a1B2" * 9)}
    errors = errors_of(await door.interact(submission("operation", values, metadata=GITHUB.private_metadata)))
    assert set(errors) == {"reason"}
    assert await door.stored() == []


async def test_a_form_that_is_not_ours_is_stored_and_left_to_the_workflow(door: Door) -> None:
    assert (await door.interact(submission("no such form", {}))).status == 200
    assert len(await door.stored()) == 1


async def test_a_form_that_we_never_opened_is_refused_and_not_quoted(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    assert (await door.interact(submission("operation", FILLED, metadata="{swordfish"))).status == 400
    assert "A form cannot be read" in caplog.text
    assert "swordfish" not in caplog.text
    assert await door.stored() == []


@pytest.mark.parametrize(
    "payload",
    [
        click("approve", actions=[{"value": "swordfish"}]),
        submission("operation", {}, view={"callback_id": "swordfish"}),
        {"type": "event_callback", "event": -1, "token": "swordfish"},
    ],
    ids=["no action_id", "no type of the view", "an event that is none"],
)
async def test_what_bolt_stumbles_over_is_refused(
    door: Door, payload: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    assert (await door.interact(payload)).status == 400
    assert "swordfish" not in caplog.text
    assert "Traceback" not in caplog.text


async def test_a_form_that_was_closed_is_acknowledged(door: Door) -> None:
    closed = submission("operation", {}) | {"type": "view_closed"}
    assert (await door.interact(closed)).status == 200
    assert await door.stored() == []


async def test_another_workspace_is_refused(door: Door) -> None:
    answered = await door.command("help", team_id="T0OTHER")
    assert answered.json["text"] == "I serve another workspace. Nothing was stored."
    assert (await door.interact(click("approve", team={"id": "T0OTHER"}))).status == 200
    assert (await door.interact(click("approve", team=None, user={"id": "U1", "team_id": "T0OTHER"}))).status == 200
    assert errors_of(await door.interact(submission("operation", FILLED, team={"id": "T0OTHER"})))
    assert await door.stored() == []


async def test_an_app_of_an_organisation_is_told_the_workspace_with_the_person(door: Door) -> None:
    assert (await door.interact(click("approve", team=None))).status == 200
    assert len(await door.stored()) == 1


async def test_nothing_is_promised_while_the_database_is_down(door: Door) -> None:
    await door.app.services.database.call(lambda engine: engine.raw_connection().execute("DROP TABLE inbox"))
    nothing = "Nothing was stored: my database does not answer. Please try again in a minute."
    assert (await door.command("help")).json["text"] == nothing
    assert errors_of(
        await door.interact(submission("reject", {"reason": written("no")}, metadata=REJECT.private_metadata))
    ) == {"reason": nothing}
    url = f"{door.slack.url.rstrip('/')}/not-known"
    assert (await door.interact(click("approve", response_url=url))).status == 200


async def test_json_is_read_as_a_form_is(door: Door) -> None:
    answered = await door.post(json.dumps(command("help")).encode(), content_type="application/json; charset=utf-8")
    assert answered.status == 200
    assert len(await door.stored()) == 1


async def test_the_last_of_repeated_fields_counts(door: Door) -> None:
    await door.post(urlencode(command("help")).encode() + b"&text=pending")
    (stored,) = await door.stored()
    assert isinstance(stored, CommandDelivery)
    assert stored.text == "pending"


def opened(**changed: object) -> dict[str, object]:
    """Build the event that somebody opens App Home, as Slack documents it."""
    event = {"type": "app_home_opened", "user": "U0OTTO", "channel": "D0OTTO", "tab": "home", "event_ts": "1.2"}
    return {
        "type": "event_callback",
        "team_id": TEAM_ID,
        "api_app_id": "A0NPMTRUST",
        "event": event | changed,
        "event_id": "Ev0PV52K21",
        "event_time": 1515449522,
    }


async def tell(door: Door, body: object) -> Answered:
    return await door.post(json.dumps(body).encode(), content_type="application/json")


async def test_home_that_is_opened_is_stored_once_and_only_what_is_needed_of_it(door: Door) -> None:
    body = opened(view={"id": "V1", "type": "home", "private_metadata": "long"})
    for _ in range(3):
        assert (await tell(door, body)).status == 200
    assert await door.stored() == [HomeDelivery(user="U0OTTO", is_new=False)]
    assert (await tell(door, opened(tab="messages") | {"event_id": "Ev1"})).status == 200
    assert (await tell(door, opened() | {"event_id": "Ev2", "team_id": "T0OTHER"})).status == 200
    assert (await tell(door, opened(user=7) | {"event_id": "Ev3"})).status == 400
    assert (await tell(door, opened(type="message") | {"event_id": "Ev4"})).status == 404
    assert await door.stored() == []


async def test_slack_is_answered_when_the_address_of_events_is_set(door: Door) -> None:
    answered = await tell(door, {"type": "url_verification", "token": "x", "challenge": "3eZbrw1aB"})
    assert (answered.status, answered.json) == (200, {"challenge": "3eZbrw1aB"})
