"""The form in which packages of a batch are ticked and unticked: searched, paged, and kept page by page.

Slack takes 10 options in one group of checkboxes and 100 in one select. What is ticked lies in the batch: the form
remembers only which page it shows.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from bot.domain.batch import ListedGroup
from bot.domain.values import Frozen
from bot.messages._blocks import actions, button, plain, section
from bot.messages._text import bold, count
from bot.messages._words import package_words
from bot.messages.forms import text_input
from bot.messages.ids import FIELD_ACTION, Action, Callback, Field
from bot.messages.message import Block, View

PAGE = 50
"""How many packages stand on one page."""

MOST_GROUPS = 99
"""Slack takes 100 options in one select; one of them is all groups."""

ALL = "all"
_IN_ONE = 10
_TICKS = "ticks-"


class ChoiceOrigin(Frozen):
    """What the form remembers while it is open."""

    value: str
    """Of the preview's buttons."""
    text: str = ""
    """What the names are searched for."""
    likeness: str = ""
    """Which group is shown; empty: all."""
    page: int = 0
    drawing: int = 0
    """How often it was drawn: Slack keeps what was ticked under the name of a field, so that each has new ones."""


class Choosable(NamedTuple):
    """One package that can be ticked."""

    position: int
    package: str
    is_chosen: bool
    why: str = ""
    """Why it was not ticked by itself."""


def choice_form(
    origin: ChoiceOrigin, shown: Sequence[Choosable], groups: Sequence[ListedGroup], *, found: int, chosen: int
) -> View:
    """Draw one page.

    Args:
        origin: Which page of what.
        shown: The packages of the page.
        groups: What is wanted, for narrowing; the first hundred less one.
        found: How many packages the search finds.
        chosen: How many are ticked in all.
    """
    pages = max(1, -(-found // PAGE))
    searched = bool(origin.text or origin.likeness)
    of = "found" if searched else "in all"
    return View(
        callback_id=Callback.BATCH_CHOOSE,
        title="Choose packages",
        submit="Keep",
        blocks=(
            section(bold(f"{count(chosen, 'package')} ticked"), f"{found} {of}, page {origin.page + 1} of {pages}."),
            text_input(Field.FIND, "Find", hint="A part of the name.", initial=origin.text, optional=True),
            *([_group_input(origin, groups)] if len(groups) > 1 else []),
            *_buttons(origin, pages, searched=searched),
            *_tick_blocks(origin, shown),
            *([] if shown else [section("Nothing that can be ticked has such a name.")]),
        ),
        private_metadata=origin.model_dump_json(),
    )


def read_choice(values: Mapping[str, str], metadata: str) -> tuple[ChoiceOrigin, str, str, frozenset[int]]:
    """Read the form: which page it was, what is searched for, which group, and what is ticked on the page."""
    origin = ChoiceOrigin.model_validate_json(metadata)
    ticked = " ".join(value for name, value in values.items() if name.startswith(_TICKS)).split()
    group = values.get(Field.GROUP, origin.likeness)
    return (
        origin,
        values.get(Field.FIND, "").strip()[:200],
        "" if group == ALL else group,
        frozenset(int(one) for one in ticked if one.isascii() and one.isdecimal()),
    )


def _group_input(origin: ChoiceOrigin, groups: Sequence[ListedGroup]) -> Block:
    every = {"text": plain("All of them", 75), "value": ALL}
    options = [every, *(_option(f"{group.size}: {group.label}", group.likeness) for group in groups[:MOST_GROUPS])]
    initial = next((option for option in options if option["value"] == origin.likeness), every)
    element = {"type": "static_select", "action_id": FIELD_ACTION, "options": options, "initial_option": initial}
    return {
        "type": "input",
        "block_id": Field.GROUP.value,
        "label": plain("For which the same is wanted", 2000),
        "element": element,
        "optional": True,
    }


def _buttons(origin: ChoiceOrigin, pages: int, *, searched: bool) -> Iterator[Block]:
    these = "these" if searched else "all"
    row = actions(
        button("Show", Action.BATCH_FIND, "0", style="primary"),
        button("Previous page", Action.BATCH_EARLIER, str(origin.page - 1)) if origin.page else None,
        button("Next page", Action.BATCH_LATER, str(origin.page + 1)) if origin.page + 1 < pages else None,
        button(f"Tick {these}", Action.BATCH_TICK, "1"),
        button(f"Untick {these}", Action.BATCH_UNTICK, "0"),
    )
    if row:
        yield row


def _tick_blocks(origin: ChoiceOrigin, shown: Sequence[Choosable]) -> Iterator[Block]:
    for start in range(0, len(shown), _IN_ONE):
        some = shown[start : start + _IN_ONE]
        options = {one.position: _option(package_words(one.package), str(one.position), one.why) for one in some}
        ticked = [options[one.position] for one in some if one.is_chosen]
        element = {"type": "checkboxes", "action_id": FIELD_ACTION, "options": list(options.values())}
        yield {
            "type": "input",
            "block_id": f"{_TICKS}{origin.drawing}-{some[0].position}",
            "label": plain(f"{start + 1 + origin.page * PAGE} to {start + len(some) + origin.page * PAGE}", 2000),
            "element": element | ({"initial_options": ticked} if ticked else {}),
            "optional": True,
        }


def _option(text: str, value: str, description: str = "") -> Block:
    built: Block = {"text": plain(text, 75), "value": value}
    return built | ({"description": plain(description, 75)} if description else {})
