"""The forms, and what somebody wrote in them. A form's fields are those of its provider's flags."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.domain.command_arguments import Arguments
from bot.domain.commands import FormDraft, SetUp
from bot.domain.flags import Flag, clean_fields
from bot.domain.mistakes import Mistake
from bot.domain.publishers import PROVIDERS, Permission, Provider
from bot.domain.values import Frozen
from bot.messages._blocks import plain
from bot.messages._text import clean_lines, cut
from bot.messages.ids import FIELD_ACTION, Callback, Field
from bot.messages.message import Block, View

LONGEST = 3000
"""Letters of a field of Slack's."""
_PACKAGES_HINT = "Such as @acme/ui. Several with spaces between them; patterns as well: @acme/*."
_PERMISSIONS = {
    Permission.PUBLISH: "publish: versions go out at once",
    Permission.STAGE: "stage: a maintainer releases each version at npm",
}


class FormOrigin(Frozen):
    """What a form of a provider remembers while it is open."""

    provider: Provider
    channel: str


class RejectionOrigin(Frozen):
    """What the form of a rejection remembers while it is open."""

    offer: str
    channel: str


class AlarmOrigin(Frozen):
    """What the form of an acknowledgement remembers while it is open."""

    alarm: str
    channel: str


class ReplacementOrigin(Frozen):
    """What the form of a replacement remembers while it is open."""

    value: str
    """Of the button: which step ended in a conflict."""
    channel: str


def operation_form(draft: FormDraft, *, channel: str) -> View:
    """Draw the form of a provider, filled with what is known."""
    spec = PROVIDERS[draft.provider]
    flags = (_flag_input(flag, draft) for flag in spec.flags)
    packages = text_input(Field.PACKAGES, "Packages", hint=_PACKAGES_HINT, initial=draft.package)
    reason = text_input(
        Field.REASON, "Why", hint="The reviewers read it.", initial=draft.reason, optional=True, lines=True
    )
    return View(
        callback_id=Callback.OPERATION,
        title=f"Trust {spec.title}"[:24],
        submit="Ask for approval",
        blocks=(packages, *flags, _permission_input(draft.permissions), reason),
        private_metadata=FormOrigin(provider=draft.provider, channel=channel).model_dump_json(),
    )


def read_operation_form(values: Mapping[str, str], metadata: str) -> SetUp | list[Mistake]:
    """Read a form of a provider. The field of each mistake is the block_id of the form's field."""
    origin = FormOrigin.model_validate_json(metadata)
    spec = PROVIDERS[origin.provider]
    written = {flag.name: tuple(_values_of(flag, values.get(flag.name, ""))) for flag in spec.flags}
    arguments = Arguments(positionals=re.split(r"[\s,]+", values.get(Field.PACKAGES, "").strip(" ,\n")))
    packages = arguments.settle_packages()
    permissions = [
        permission for permission in Permission if permission.value in values.get(Field.PERMISSIONS, "").split()
    ]
    mistakes = [*_package_mistakes(arguments.mistakes), *spec.check(written), *_permission_mistakes(permissions)]
    if mistakes:
        return mistakes
    return SetUp(
        provider=origin.provider,
        packages=packages.names,
        selection=packages.selection,
        fields=clean_fields(spec.flags, written),
        permissions=tuple(permissions),
        permissions_stated=True,
        reason=values.get(Field.REASON, "").strip()[:LONGEST],
    )


def reject_form(offer: str, *, channel: str, what: str) -> View:
    """Ask why; `what` says what is rejected, plain."""
    return View(
        callback_id=Callback.REJECT,
        title="Reject",
        submit="Reject",
        blocks=(
            {"type": "section", "text": plain(what, LONGEST)},
            text_input(Field.REASON, "Why", hint="Everybody in the channel reads it.", lines=True),
        ),
        private_metadata=RejectionOrigin(offer=offer, channel=channel).model_dump_json(),
    )


def read_reject_form(values: Mapping[str, str], metadata: str) -> tuple[RejectionOrigin, str] | list[Mistake]:
    """Read a rejection: what was rejected, and why."""
    reason = _read_reason(values, "Say why, so that the requester knows what to change.")
    return reason if isinstance(reason, list) else (RejectionOrigin.model_validate_json(metadata), reason)


def replace_form(
    value: str,
    *,
    channel: str,
    what: str,
    reason: str,
    callback: Callback = Callback.REPLACE,
    title: str = "Replace",
) -> View:
    """Ask why something is to be replaced, or asked for again; `what` says what is asked for, plain."""
    return View(
        callback_id=callback,
        title=title,
        submit="Ask for approval",
        blocks=(
            {"type": "section", "text": plain(what, LONGEST)},
            text_input(Field.REASON, "Why", hint="The reviewers read it.", initial=reason, optional=True, lines=True),
        ),
        private_metadata=ReplacementOrigin(value=value, channel=channel).model_dump_json(),
    )


def read_replace_form(values: Mapping[str, str], metadata: str) -> tuple[ReplacementOrigin, str]:
    """Read the form of a replacement: of which step, and why."""
    return ReplacementOrigin.model_validate_json(metadata), values.get(Field.REASON, "").strip()[:LONGEST]


def acknowledge_form(alarm: str, *, channel: str, what: str) -> View:
    """Ask what was found out about an alarm; `what` says what was seen, plain."""
    return View(
        callback_id=Callback.ACKNOWLEDGE,
        title="Acknowledge",
        submit="Acknowledge",
        blocks=(
            {"type": "section", "text": plain(what, LONGEST)},
            text_input(
                Field.REASON,
                "What was it",
                hint="Everybody in the channel reads it: I published by hand, the CI was down.",
                lines=True,
            ),
        ),
        private_metadata=AlarmOrigin(alarm=alarm, channel=channel).model_dump_json(),
    )


def read_acknowledge_form(values: Mapping[str, str], metadata: str) -> tuple[AlarmOrigin, str] | list[Mistake]:
    """Read an acknowledgement: of which alarm, and what it was."""
    reason = _read_reason(values, "Say what it was, so that the others need not look again.")
    return reason if isinstance(reason, list) else (AlarmOrigin.model_validate_json(metadata), reason)


def _read_reason(values: Mapping[str, str], what: str) -> str | list[Mistake]:
    reason = values.get(Field.REASON, "").strip()[:LONGEST]
    return reason or [Mistake(what=what, expected="a sentence", got="", field=Field.REASON)]


def _flag_input(flag: Flag, draft: FormDraft) -> Block:
    return text_input(
        flag.name,
        flag.label or flag.name,
        hint=flag.hint,
        initial=draft.fields.get(flag.name, ""),
        optional=not flag.required,
        lines=flag.repeatable,
    )


def text_input(
    block_id: str, label: str, *, hint: str, initial: str = "", optional: bool = False, lines: bool = False
) -> Block:
    """Build a field for text."""
    element: dict[str, Any] = {
        "type": "plain_text_input",
        "action_id": FIELD_ACTION,
        "multiline": lines,
        "max_length": LONGEST,
    }
    if filled := cut(clean_lines(initial).strip(), LONGEST):
        element["initial_value"] = filled
    block: Block = {
        "type": "input",
        "block_id": str(block_id),
        "label": plain(label, 2000),
        "element": element,
        "optional": optional,
    }
    return block | ({"hint": plain(hint, 2000)} if hint else {})


def _permission_input(chosen: tuple[Permission, ...]) -> Block:
    options = {
        permission: {"text": plain(words, 75), "value": permission.value} for permission, words in _PERMISSIONS.items()
    }
    picked = [options[permission] for permission in Permission if permission in (chosen or (Permission.PUBLISH,))]
    return {
        "type": "input",
        "block_id": Field.PERMISSIONS.value,
        "label": plain("May", 2000),
        "element": {
            "type": "checkboxes",
            "action_id": FIELD_ACTION,
            "options": list(options.values()),
            "initial_options": picked,
        },
        "optional": False,
    }


def _values_of(flag: Flag, text: str) -> list[str]:
    return text.split() if flag.repeatable else [text]


def _package_mistakes(mistakes: list[Mistake]) -> Iterator[Mistake]:
    for mistake in mistakes:
        yield mistake.model_copy(update={"field": Field.PACKAGES.value})


def _permission_mistakes(permissions: list[Permission]) -> Iterator[Mistake]:
    if not permissions:
        yield Mistake(
            what="Choose what it may do.", expected="at least one of the two", got="", field=Field.PERMISSIONS.value
        )
