"""What is handed in for many packages, at the door."""

import json
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.deliveries import SubmissionDelivery
from bot.messages.bulk_form import BulkDraft, bulk_form
from tests.handlers.door import Door, submission, written

pytestmark = pytest.mark.anyio

FORM = bulk_form(BulkDraft(), channel="C0GENERAL")
GITHUB = {"type": "static_select", "selected_option": {"value": "github", "text": {}}}


def uploaded(*ids: str) -> dict[str, object]:
    """Fill a file_input, with what Slack tells of a file."""
    facts = {"name": "a.csv", "size": 12, "mimetype": "text/csv", "url_private": "https://evil.example/a.csv"}
    return {"type": "file_input", "files": [{"id": each, **facts} for each in ids]}


def handed_in(**changes: object) -> dict[str, Any]:
    filled = {"upload": uploaded(), "lines": written(""), "provider": GITHUB, "file": written("release.yml")}
    return submission("bulk", filled | changes, metadata=FORM.private_metadata)


async def test_a_file_is_kept_by_its_id_and_answered_at_once(door: Door) -> None:
    answered = await door.interact(handed_in(upload=uploaded("F123")))
    assert answered.json["response_action"] == "update"
    assert "Reading what you handed in" in json.dumps(answered.json["view"])
    assert "submit" not in answered.json["view"]
    assert await door.stored() == []  # the ack is shown before anything is done
    door.clock.time += timedelta(seconds=1)
    (stored,) = await door.stored()
    assert isinstance(stored, SubmissionDelivery)
    assert (stored.values["upload"], stored.view_id) == ("F123", "V1")
    assert "evil.example" not in stored.model_dump_json()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({}, "lines"),
        ({"upload": uploaded("F1"), "lines": written("@acme/ui")}, "lines"),
        ({"lines": written("@acme/ui"), "file": written("a/b.yml")}, "file"),
        ({"lines": written("npm trust github a --file b.yml --otp 123456")}, "lines"),
    ],
)
async def test_what_is_wrong_with_the_form_stands_at_its_field(
    door: Door, changes: dict[str, object], field: str
) -> None:
    answered = await door.interact(handed_in(**changes))
    assert (answered.json["response_action"], list(answered.json["errors"])) == ("errors", [field])
    door.clock.time += timedelta(seconds=1)
    assert await door.stored() == []


async def test_going_on_without_striking_out_the_faults_stands_at_the_box(door: Door) -> None:
    metadata = json.dumps({"token": "t", "has_faults": True})
    unticked: dict[str, object] = {"leave-out": {"type": "checkboxes", "selected_options": []}}
    answered = await door.interact(submission("bulk_result", unticked, metadata=metadata))
    assert list(answered.json["errors"]) == ["leave-out"]
    ticked: dict[str, object] = {
        "leave-out": {"type": "checkboxes", "selected_options": [{"value": "leave out", "text": {}}]}
    }
    assert (await door.interact(submission("bulk_result", ticked, metadata=metadata))).text == ""
    assert len(await door.stored()) == 1
