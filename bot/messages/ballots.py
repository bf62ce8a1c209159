"""The view in which one person decides on many steps, by groups of what is alike; and the answer to what they sent."""

from collections.abc import Mapping, Sequence

from bot.domain.ballots import Ballot, BallotGroup, Counted
from bot.domain.lifecycle import State
from bot.domain.mistakes import Mistake
from bot.domain.operations import Replace, Revoke
from bot.domain.values import Frozen
from bot.domain.windows import Asking
from bot.messages._blocks import actions, button, context, message, plain, section
from bot.messages._text import bold, clean, count, cut, mention, names, safe
from bot.messages._words import label_words, narrowing_words, package_words, permission_words, removed_words
from bot.messages.decisions import Next, next_words, outlook_words
from bot.messages.forms import text_input
from bot.messages.ids import FIELD_ACTION, Action, Callback, Field
from bot.messages.message import Block, Message, View

PAGE = 30
"""How many groups stand on one page of a view."""

NAMES = 200
"""How many packages of a group stand on one page."""

APPROVE, REJECT = "approve", "reject"
_TICK = "group-"
_YES = "yes"
_LETTERS = 2400
_NAMES_IN_SECTION = 40


class BallotOrigin(Frozen):
    """What the view of a ballot remembers while it is open."""

    ballot: str
    """Its token."""
    kind: str
    channel: str
    page: int = 0
    size: int = 0
    """How many pages there are."""


def ballot_view(
    ballot: Ballot, origin: BallotOrigin, *, number: int, requester: str, why: str, reason: str = ""
) -> View:
    """Draw one page of what a person decides on.

    Args:
        ballot: All that they decide on.
        origin: Which page, and what the view remembers.
        number: Of the change set.
        requester: Slack id.
        why: Of the request.
        reason: Of a rejection, as far as it was written on another page.
    """
    verb = "Approve" if origin.kind == APPROVE else "Reject"
    pages = -(-len(ballot.groups) // PAGE)
    first = origin.page * PAGE
    places = range(first, min(first + PAGE, len(ballot.groups)))
    return View(
        callback_id=Callback.BALLOT,
        title=f"{verb} C-{number}",
        submit=f"{verb} what is ticked",
        blocks=(
            section(*_head_lines(ballot, origin, requester, why)),
            *([_reason_input(reason)] if origin.kind == REJECT else []),
            *(block for place in places for block in _group_blocks(ballot.groups[place], place, verb)),
            *_page_buttons(origin.page, pages),
        ),
        private_metadata=origin.model_copy(update={"size": pages}).model_dump_json(),
    )


def group_view(
    group: BallotGroup, names: Sequence[str], origin: BallotOrigin, *, number: int, place: int, page: int
) -> View:
    """Show the packages of a group, page by page, and the way back. Nothing is decided in here."""
    pages = -(-len(names) // NAMES)
    shown = names[page * NAMES : (page + 1) * NAMES]
    parts = [shown[start : start + _NAMES_IN_SECTION] for start in range(0, len(shown), _NAMES_IN_SECTION)]
    turn = actions(
        button("Back to all groups", Action.BALLOT_BACK, str(place)),
        button("Earlier names", Action.BALLOT_LOOK, f"{place}:{page - 1}") if page else None,
        button("More names", Action.BALLOT_MORE, f"{place}:{page + 1}") if page + 1 < pages else None,
    )
    return View(
        callback_id=Callback.BALLOT,
        title=f"C-{number}",
        submit="",
        close="Close",
        blocks=(
            section(bold(safe(group_words(group), 700)), f"{count(len(names), 'package')}:"),
            *(section("\n".join(safe(package_words(name), 72) for name in part)) for part in parts),
            *([turn] if turn else []),
        ),
        private_metadata=origin.model_dump_json(),
    )


def read_ballot_view(
    values: Mapping[str, str], metadata: str
) -> tuple[BallotOrigin, dict[int, bool], str] | list[Mistake]:
    """Read what stands in the view: which page it is, what is ticked on it, and the reason of a rejection."""
    origin = BallotOrigin.model_validate_json(metadata)
    reason = values.get(Field.REASON, "").strip()[:3000]
    if origin.kind == REJECT and not reason:
        what = "Say why, so that the requester knows what to change."
        return [Mistake(what=what, expected="a sentence", got="", field=Field.REASON)]
    return origin, read_ticks(values), reason


def read_ticks(values: Mapping[str, str]) -> dict[int, bool]:
    """Read which groups of a page are ticked, by place."""
    given = {name.removeprefix(_TICK): value for name, value in values.items() if name.startswith(_TICK)}
    return {int(place): value == _YES for place, value in given.items() if place.isascii() and place.isdecimal()}


def group_words(group: BallotGroup) -> str:
    """Say what is asked for the packages of a group, plain."""
    operation = group.operation
    if isinstance(operation, Revoke):
        return f"revoke {removed_words(operation)}" if len(group.step_ids) == 1 else _revoked_words(operation)
    wanted = f"{label_words(operation)} · {narrowing_words(operation.publisher)}"
    may = permission_words(operation.permissions)
    return f"{wanted} · {may}" + (" · in the place of what stands there" if isinstance(operation, Replace) else "")


def _revoked_words(operation: Revoke) -> str:
    return f"revoke the configuration for {cut(clean(operation.from_repository), 140)}"


def _head_lines(ballot: Ballot, origin: BallotOrigin, requester: str, why: str) -> list[str]:
    whose = f"{mention(requester)} asks. Yours to decide on: {count(ballot.size, 'package')}"
    flagged = sum(len(group.step_ids) for group in ballot.groups if group.is_flagged)
    look = f"⚠️ {count(flagged, 'package needs', 'packages need')} a look: on top, unticked." if flagged else ""
    sent = "What is ticked is approved, exactly as it stands here; the rest stays in review."
    if origin.kind == REJECT:
        sent = "What is ticked ends here, with your reason; the rest stays in review."
        look = ""
    return [
        f"{whose}, in {count(len(ballot.groups), 'group')}; {ballot.ticked} ticked.",
        f"Why: {safe(why, 300)}" if why else "",
        look,
        sent,
    ]


def _reason_input(reason: str) -> Block:
    return text_input(Field.REASON, "Why", hint="Everybody in the channel reads it.", initial=reason, lines=True)


def _group_blocks(group: BallotGroup, place: int, verb: str) -> list[Block]:
    number = len(group.step_ids)
    option = {"text": plain(f"{verb} {count(number, 'package')}", 75), "value": _YES}
    element = {"type": "checkboxes", "action_id": FIELD_ACTION, "options": [option]}
    if group.ticked:
        element["initial_options"] = [option]
    text = section(
        bold(safe(group_words(group), 1900)),
        f"⚠️ Differs from most of the others: {names(group.deviates)}." if group.deviates else "",
        *(f"⚠️ {safe(warning, 200)}" for warning in group.warnings[:3]),
        f"🔁 Back in review: {safe(group.difference, 200)}" if group.difference else "",
        f"{safe(package_words(group.operation.package), 214)}" + (f" and {number - 1} more" if number > 1 else ""),
        limit=_LETTERS,
    )
    if number > 1:
        text["accessory"] = button("Packages", Action.BALLOT_LOOK, f"{place}:0")
    tick: Block = {
        "type": "input",
        "block_id": f"{_TICK}{place}",
        "label": plain(f"Group {place + 1}", 2000),
        "element": element,
        "optional": True,
    }
    return [text, tick]


def _page_buttons(page: int, pages: int) -> list[Block]:
    if pages < 2:  # noqa: PLR2004 -- one page needs no way to another
        return []
    turn = actions(
        button("Previous page", Action.BALLOT_PAGE, str(page - 1)) if page else None,
        button("Next page", Action.BALLOT_NEXT, str(page + 1)) if page + 1 < pages else None,
    )
    return [
        context(f"Page {page + 1} of {pages}. What is ticked on the others stays ticked."),
        *([turn] if turn else []),
    ]


def render_asking_owners(number: int, packages: int) -> Message:
    """Before an approval of many packages counts, npm is asked again who maintains them."""
    return _said(
        f"⏳ I ask npm who maintains the {count(packages, 'package')} of C-{number} now, before your approval counts."
        " That takes half a minute at most; what npm has not told by then stands as you saw it."
    )


def render_approvals_counted(
    number: int, counted: Counted, what_next: Next, *, executor: str = "", calls: int = 0, asking: Asking
) -> Message:
    """Say what an approval of many steps counted for, and what follows."""
    run = sum(counted.states.get(state, 0) for state in (State.READY, State.WAITING))
    rests = what_next in {Next.HELD, Next.PAUSED}
    outlook = outlook_words(calls, asking) if calls > 1 and what_next in {Next.CONFIRM, Next.IN_TURN} else ""
    more = f"{count(counted.missing, 'more approval')} to go for the others." if counted.missing else ""
    return _said(
        f"👍 Your approval of {count(counted.decided, 'package')} of C-{number} counts.",
        _run_words(run, counted, calls, next_words(what_next, executor), rests=rests) if run else "",
        outlook,
        more,
        _rest_words(counted),
    )


def _run_words(run: int, counted: Counted, calls: int, then: str, *, rests: bool) -> str:
    """Say how many can run, or may once nothing holds them, and with whose accounts where several share them."""
    if rests:
        return f"{count(run, 'package')} {'is' if run == 1 else 'are'} approved. {then}"
    if len(counted.others) + bool(counted.own) < 2:  # noqa: PLR2004 -- one shares with nobody
        return f"{count(run, 'package')} can run. {then}"
    own = [f"{counted.own} with your npm account"] if counted.own else []
    shares = [*own, *(f"{steps} with that of {mention(person)}" for person, steps in counted.others)]
    after = then if calls else "You need not do anything more."
    return f"{count(run, 'package')} can run: {', '.join(shares)}. {after}"


def render_rejections_counted(number: int, counted: Counted) -> Message:
    """Say what a rejection of many steps counted for."""
    return _said(
        f"{count(counted.decided, 'package')} of C-{number} rejected, with your reason in the channel."
        f" Nothing changed at npm for {'it' if counted.decided == 1 else 'them'}.",
        _rest_words(counted),
    )


def render_nothing_ticked(number: int, offer: str, kind: str) -> Message:
    """The view was sent with nothing ticked."""
    return _again(f"Nothing was ticked, so nothing of C-{number} was decided.", offer, kind)


def render_decided_meanwhile(number: int) -> Message:
    """All that was ticked was decided by others, or has ended."""
    return _said(f"Nothing of what you ticked in C-{number} is in review any more. Its message shows where it is.")


def render_ballot_changed(number: int, offer: str, kind: str, differences: Sequence[str], changed: int) -> Message:
    """What was shown is not what stands now."""
    told = [f"• {safe(difference, 300)}" for difference in differences[:3]]
    return _again(
        f"{count(changed, 'package')} of C-{number} changed while the form was open, so nothing of it was counted.",
        offer,
        kind,
        *told,
    )


def render_ballot_used(number: int) -> Message:
    """The same view was sent twice."""
    return _said(f"This form has been counted already: C-{number} shows what came of it.")


def _rest_words(counted: Counted) -> str:
    meanwhile = f"Decided in the meantime: {count(counted.meanwhile, 'package')}. " if counted.meanwhile else ""
    left = f"Still in review, of yours: {count(counted.left, 'package')}." if counted.left else ""
    return meanwhile + left


def _again(text: str, offer: str, kind: str, *lines: str) -> Message:
    label, action = ("Approve…", Action.APPROVE) if kind == APPROVE else ("Reject…", Action.REJECT)
    return message(text, section(text, *lines, "Look again:"), actions(button(label, action, offer)))


def _said(text: str, *lines: str) -> Message:
    return message(text, section(text, *lines))
