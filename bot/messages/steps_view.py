"""Details of a change set of many steps: a view with pages, to search in."""

from collections.abc import Collection, Mapping

from bot.domain.lifecycle import OPEN_STATES, State
from bot.domain.overview import ChangeSetView
from bot.domain.values import Frozen
from bot.messages._blocks import actions, button, context, plain, plain_section, section
from bot.messages._text import bold, count, mention, when
from bot.messages.details import step_blocks
from bot.messages.forms import text_input
from bot.messages.ids import FIELD_ACTION, Action, Callback, Field
from bot.messages.message import Block, View

PAGE = 8
"""So many steps stand on one page."""

_LETTERS = 1800
_ANY = "any"
_FAILED = (State.CONFLICT, State.REFUSED, State.RESTORED, State.UNRESOLVED, State.LEFT_HALF)
STATES: Mapping[str, tuple[str, tuple[State, ...]]] = {
    _ANY: ("all", ()),
    "review": ("in review", (State.IN_REVIEW,)),
    "open": ("approved, and not over", tuple(sorted(OPEN_STATES - {State.IN_REVIEW}))),
    "waiting": ("waiting for a person", (State.WAITING,)),
    "done": ("done", (State.APPLIED, State.ALREADY_IN_PLACE, State.ALREADY_GONE)),
    "failed": ("failed", _FAILED),
    "stopped": ("rejected, cancelled or expired", (State.REJECTED, State.CANCELLED, State.EXPIRED)),
}
"""What can be looked for: its words, and the states of it."""


class StepsOrigin(Frozen):
    """What the view remembers while it is open."""

    offer: str
    text: str = ""
    state: str = _ANY
    page: int = 0

    @property
    def states(self) -> tuple[State, ...]:
        """Which steps are wanted; none: all."""
        return STATES.get(self.state, STATES[_ANY])[1]


def steps_view(view: ChangeSetView, origin: StepsOrigin, *, found: int, visible: Collection[int]) -> View:
    """Draw one page.

    Args:
        view: The change set with the steps of this page alone.
        origin: What was looked for, and which page.
        found: How many steps there are of it.
        visible: The positions of those whose configurations this person may see.
    """
    pages = max(1, -(-found // PAGE))
    asked = f"Asked by {mention(view.requester)} {when(view.created_at)} · until {when(view.deadline)}"
    steps = [
        block
        for step in view.steps
        for block in ({"type": "divider"}, *step_blocks(view, step, step.position in visible, letters=_LETTERS))
    ]
    turn = actions(
        button("Search", Action.STEPS_SEARCH, "0", style="primary"),
        button("Previous page", Action.STEPS_PAGE, str(origin.page - 1)) if origin.page else None,
        button("Next page", Action.STEPS_NEXT, str(origin.page + 1)) if origin.page + 1 < pages else None,
    )
    shown: list[Block | None] = [
        section(asked, "Why:" if view.reason else "Why: not said"),
        plain_section(view.reason[:600]) if view.reason else None,
        text_input(Field.SEARCH, "Package", hint="A part of its name.", initial=origin.text, optional=True),
        _state_input(origin.state),
        turn,
        section(bold(f"{count(found, 'change')}, page {origin.page + 1} of {pages}")) if found else None,
        None if found else section("No change is like that. Search with less, or for another state."),
        *steps,
        context("An approval counts for exactly this content. What changes has to be approved again."),
    ]
    return View(
        callback_id=Callback.STEPS,
        title=f"C-{view.number}",
        submit="Done",
        close="Close",
        blocks=tuple(block for block in shown if block),
        private_metadata=origin.model_dump_json(),
    )


def read_steps_search(values: Mapping[str, str], metadata: str, page: int, *, is_new: bool) -> StepsOrigin:
    """Read what is looked for: a page of what was found, or something new."""
    origin = StepsOrigin.model_validate_json(metadata)
    if not is_new:
        return origin.model_copy(update={"page": page})
    text = values.get(Field.SEARCH, origin.text).strip().lower()[:214]
    return origin.model_copy(update={"text": text, "state": values.get(Field.STATE, origin.state), "page": 0})


def _state_input(state: str) -> Block:
    options = {name: {"text": plain(words, 75), "value": name} for name, (words, _) in STATES.items()}
    return {
        "type": "input",
        "block_id": Field.STATE.value,
        "label": plain("State", 2000),
        "element": {
            "type": "static_select",
            "action_id": FIELD_ACTION,
            "options": list(options.values()),
            "initial_option": options.get(state, options[_ANY]),
        },
        "optional": False,
    }
