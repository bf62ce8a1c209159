import json

import pytest
from inline_snapshot import snapshot

from bot.domain.commands import FormDraft, SetUp
from bot.domain.mistakes import Mistake
from bot.domain.publishers import PROVIDERS, Permission, Provider
from bot.messages.forms import (
    AlarmOrigin,
    RejectionOrigin,
    acknowledge_form,
    operation_form,
    read_acknowledge_form,
    read_operation_form,
    read_reject_form,
    reject_form,
)
from bot.messages.ids import Callback
from bot.messages.message import View
from tests.messages.reading import read

DRAFT = FormDraft(
    provider=Provider.GITHUB,
    package="@acme/ui @acme/core",
    fields={"repo": "acme/ui", "file": "release.yml"},
    permissions=(Permission.STAGE,),
    reason="drop tokens",
)
FILLED = {
    "packages": "@acme/ui  @acme/core\n@acme/ui",
    "repo": "acme/ui",
    "file": " release.yml ",
    "environment": "",
    "permissions": "createPackage createStagedPackage",
    "reason": " drop tokens ",
}


def _metadata(view: View) -> str:
    return view.private_metadata


GITHUB = _metadata(operation_form(DRAFT, channel="C0GENERAL"))


def test_a_form_shows_what_is_known() -> None:
    form = operation_form(DRAFT, channel="C0GENERAL")
    assert (form.title, form.submit, form.callback_id) == snapshot(
        ("Trust GitHub Actions", "Ask for approval", Callback.OPERATION)
    )
    assert json.loads(form.private_metadata) == snapshot({"provider": "github", "channel": "C0GENERAL"})
    assert read(form) == snapshot("""\
Packages: '@acme/ui @acme/core' (Such as @acme/ui. Several with spaces between them; patterns as well: @acme/*.)
Repository?: 'acme/ui' (Such as acme/ui. Left empty: the repository that the package names.)
Workflow file: 'release.yml' (release.yml: the name only, of a file in .github/workflows.)
Environment?: '' (Such as production. Left empty: any.)
May: [ ] publish: versions go out at once [x] stage: a maintainer releases each version at npm
Why?: 'drop tokens' (The reviewers read it.)\
""")


@pytest.mark.parametrize("provider", Provider)
def test_an_empty_form_asks_for_publish_and_for_every_flag(provider: Provider) -> None:
    form = operation_form(FormDraft(provider=provider), channel="C0GENERAL")
    fields = [block["block_id"] for block in form.blocks]
    assert fields == ["packages", *(flag.name for flag in PROVIDERS[provider].flags), "permissions", "reason"]
    assert "[x] publish: versions go out at once [ ] stage" in read(form)


def test_what_was_filled_in_is_the_same_as_a_typed_line() -> None:
    assert read_operation_form(FILLED, GITHUB) == SetUp(
        provider=Provider.GITHUB,
        packages=("@acme/ui", "@acme/core"),
        fields={"repo": ("acme/ui",), "file": ("release.yml",)},
        permissions=(Permission.PUBLISH, Permission.STAGE),
        permissions_stated=True,
        reason="drop tokens",
    )


def test_a_repository_left_out_is_for_inferring() -> None:
    found = read_operation_form(FILLED | {"repo": ""}, GITHUB)
    assert isinstance(found, SetUp)
    assert "repo" not in found.fields


MISTAKES = (
    ({"packages": ""}, ["packages"]),
    ({"packages": "<!channel> @acme/ui"}, ["packages"]),
    ({"packages": "@acme/ui@1.2.3"}, ["packages"]),
    ({"file": ""}, ["file"]),
    ({"file": ".github/workflows/release.yml"}, ["file"]),
    ({"repo": "acme"}, ["repo"]),
    ({"permissions": ""}, ["permissions"]),
    ({"permissions": "deletePackage"}, ["permissions"]),
    ({"packages": "", "file": "", "permissions": ""}, ["packages", "file", "permissions"]),
)


@pytest.mark.parametrize(("changes", "fields"), MISTAKES)
def test_a_mistake_names_its_field(changes: dict[str, str], fields: list[str]) -> None:
    found = read_operation_form(FILLED | changes, GITHUB)
    assert isinstance(found, list)
    assert [mistake.field for mistake in found] == fields


def test_a_field_that_takes_several_values_takes_one_a_line() -> None:
    uuid = "550e8400-e29b-41d4-a716-446655440000"
    metadata = _metadata(operation_form(FormDraft(provider=Provider.CIRCLECI), channel="C0GENERAL"))
    ids = dict.fromkeys(("org-id", "project-id", "pipeline-definition-id"), uuid)
    values = FILLED | ids | {"vcs-origin": "github.com/acme/ui", "context-id": f"{uuid}\n{uuid.replace('5', '6')}"}
    found = read_operation_form(values, metadata)
    assert isinstance(found, SetUp)
    assert found.fields["context-id"] == (uuid, uuid.replace("5", "6"))


def test_a_rejection_asks_why() -> None:
    form = reject_form("offer-1", channel="C0GENERAL", what="let acme/ui → release.yml publish @acme/ui")
    assert read(form) == snapshot("""\
let acme/ui → release.yml publish @acme/ui
Why: '' (Everybody in the channel reads it.)\
""")
    origin, reason = _rejected({"reason": " wrong file "}, form)
    assert (origin.offer, origin.channel, reason) == ("offer-1", "C0GENERAL", "wrong file")


def test_a_rejection_without_a_reason_is_a_mistake() -> None:
    form = reject_form("offer-1", channel="C0GENERAL", what="x")
    found = read_reject_form({"reason": "  "}, form.private_metadata)
    assert isinstance(found, list)
    assert [mistake.field for mistake in found] == ["reason"]


def test_an_acknowledgement_asks_what_it_was() -> None:
    form = acknowledge_form("alarm-1", channel="C0RELEASES", what="@acme/ui 2.4.0 came without the trusted publisher")
    assert read(form) == snapshot("""\
@acme/ui 2.4.0 came without the trusted publisher
What was it: '' (Everybody in the channel reads it: I published by hand, the CI was down.)\
""")
    found = read_acknowledge_form({"reason": " by hand "}, form.private_metadata)
    assert found == (AlarmOrigin(alarm="alarm-1", channel="C0RELEASES"), "by hand")
    mistakes = read_acknowledge_form({"reason": " "}, form.private_metadata)
    assert [each.field for each in mistakes if isinstance(each, Mistake)] == ["reason"]


def test_a_form_is_slacks_json() -> None:
    form = reject_form("offer-1", channel="C0GENERAL", what="x").as_dict()
    assert {name: form[name] for name in ("type", "title", "submit", "close")} == snapshot(
        {
            "type": "modal",
            "title": {"type": "plain_text", "text": "Reject"},
            "submit": {"type": "plain_text", "text": "Reject"},
            "close": {"type": "plain_text", "text": "Cancel"},
        }
    )


def _rejected(values: dict[str, str], form: View) -> tuple[RejectionOrigin, str]:
    found = read_reject_form(values, form.private_metadata)
    assert not isinstance(found, list)
    return found
