"""What a person does in a form: reads it, fills it in, presses its buttons, sends or closes it."""

from collections.abc import Mapping
from typing import Any, Protocol

from bot.sandbox.slack import LocalSlack
from bot.sandbox.slack_payloads import Press


class _Place(Protocol):
    """Where they do it: the world."""

    slack: LocalSlack

    async def settle(self) -> None: ...


class FormFiller:
    """Somebody who has a form open."""

    def __init__(self, place: _Place, person: str) -> None:
        self._place = place
        self.id = person

    def form(self) -> dict[str, Any]:
        """Tell what stands in the fields of the form that is open, by block_id."""
        view = self._open_form()
        elements = {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}
        return {
            name: element.get("initial_value", "")
            if "options" not in element
            else [option["value"] for option in element.get("initial_options") or _only(element.get("initial_option"))]
            for name, element in elements.items()
        }

    def reads_form(self) -> str:
        """Tell what stands in the form that is open; empty when none is."""
        view = self._place.slack.view(self.id)
        return self._place.slack.text_of(view) if view else ""

    async def submits(self, **fields: str | list[str]) -> Mapping[str, str]:
        """Write into the form that is open (a hyphen in a name is written as an underscore), and send it.

        Returns:
            The mistakes that the form shows, by block_id; empty when it closed.
        """
        view = self._open_form()
        typed = {name.replace("_", "-"): {"value": value} for name, value in fields.items()}
        submitted = await self._place.slack.submit(self.id, view["id"], typed)
        await self._place.settle()
        return submitted.errors or ({} if submitted.ok else {"": submitted.error})

    def every_box(self) -> dict[str, list[str]]:
        """Tick every box of the form that is open: what `submits` is given for that."""
        elements = {block["block_id"]: block["element"] for block in self._open_form()["blocks"] if "element" in block}
        return {
            name: [option["value"] for option in element["options"]]
            for name, element in elements.items()
            if element["type"] == "checkboxes"
        }

    def uploads(self, name: str, content: bytes) -> str:
        """Choose a file in a form; its field takes a list with what this tells."""
        return self._place.slack.upload(self.id, name, content)

    async def closes_form(self) -> None:
        """Close the form that is open, without sending it."""
        view = self._open_form()
        await self._place.slack.close_view(self.id, view["id"])

    async def clicks_form(self, label: str, *, place: int = 0, **fields: str | list[str]) -> str:
        """Press a button of the form that is open, with what was written into it; tell what the form shows then.

        Args:
            label: The beginning of the button's label.
            place: Which of several such buttons, counted from 0.
            fields: As `submits` has them.
        """
        view = self._open_form()
        found = [
            (block, element)
            for block in view["blocks"]
            for element in (*block.get("elements", ()), block.get("accessory") or {})
            if element.get("type") == "button" and element["text"]["text"].startswith(label)
        ]
        if len(found) <= place:
            raise LookupError(f"no button {label!r} in {self.reads_form()}")
        block, element = found[place]
        pressed = Press(
            self.id,
            element["action_id"],
            view_id=view["id"],
            block_id=block["block_id"],
            typed={name.replace("_", "-"): {"value": value} for name, value in fields.items()},
        )
        await self._place.slack.press(pressed)
        await self._place.settle()
        return self.reads_form()

    def _open_form(self) -> dict[str, Any]:
        view = self._place.slack.view(self.id)
        if view is None:
            raise LookupError("no form is open")
        return view


def _only(option: dict[str, Any] | None) -> list[dict[str, Any]]:
    return [option] if option else []
