"""Many packages in one wish: its preview, and the answers around it."""

from collections.abc import Iterator, Sequence

from bot.domain.batch import CALLS, BatchState, BatchView, Effort, Example, PlacedRequest, Status, Tally, Why
from bot.messages._blocks import actions, answer, button, context, message, section
from bot.messages._coverage import bar, catalogue_line, selection_code
from bot.messages._text import bold, count, is_direct, mention_channel, safe, typed
from bot.messages._words import COMMAND, package_words
from bot.messages.ids import Action
from bot.messages.message import Block, Message

_MOST_GROUPS = 8
_MOST_LEFT_OUT = 20
_NAME = 100
_PACKAGE = "package"
_DETAIL = 160
_GONE_WRONG = (Status.SKIPPED, Status.FAULTY)
_WHAT_TO_DO = {
    Why.NO_REPOSITORY: "name it with `--repo`",
    Why.MISFIT: "look at the template",
    Why.NOT_FOUND: f"`{COMMAND} login` lets me look with your account",
    Why.NO_REVIEWER: "`NPMTRUST_ADMINS` names who may review them",
}
"""The way out, where there is a short one."""


def render_batch(view: BatchView) -> Message:
    """Draw the preview of a batch in whatever state it is."""
    match view.state:
        case BatchState.LISTING | BatchState.LOOKING:
            return _progress(view)
        case BatchState.READY:
            return _preview(view)
        case BatchState.STAGED:
            return _staged(view)
        case BatchState.DROPPED:
            return answer(f"{bold('Dropped')}: nothing was asked for.", *_what_lines(view))
        case BatchState.FAILED:
            return _failed(view)


def _progress(view: BatchView) -> Message:
    done = view.total - view.left
    title = f"🔎 I look at {count(view.total, 'package')} at npm…" if view.total else "🔎 I look up the packages…"
    return message(
        title,
        section(bold(title), *_what_lines(view)),
        section(f"{bar(done, view.total)} {done} of {view.total}") if view.total else None,
        context(safe(view.note, 600)) if view.note else None,
        actions(button("Drop", Action.BATCH_DROP, view.value)),
    )


def _preview(view: BatchView) -> Message:
    chosen = view.count(Status.INCLUDED)
    tickable = view.count(Status.INCLUDED, Status.UNTICKED)
    title = "There is nothing to ask for"
    if tickable:
        rest = f"{count(tickable, 'package')} to choose from, and none is ticked"
        title = f"{count(chosen, 'package')} can be asked for" if chosen else rest
    if view.dry_run:
        title = f"A dry run: {title[0].lower()}{title[1:]}"
    return message(
        title,
        section(bold(title), *_what_lines(view)),
        section(*_all_lines(view)) if view.selection or view.unseen else None,
        section(*_group_lines(view)) if view.groups else None,
        section(*_place_lines(view)) if len(view.requests) > 1 else None,
        *_left_out_blocks(view),
        section(*_effort_lines(view)) if chosen else None,
        context(*(f"ℹ️ {safe(remark, 300)}" for remark in view.remarks)) if view.remarks else None,  # noqa: RUF001
        context(safe(view.note, 600)) if view.note else None,
        actions(
            button(f"Ask for {chosen}", Action.BATCH_ASK, view.value, style="primary")
            if chosen and not view.dry_run
            else None,
            button("Choose…", Action.BATCH_CHOOSE, view.value) if tickable else None,
            button("Drop", Action.BATCH_DROP, view.value),
        ),
    )


def _staged(view: BatchView) -> Message:
    if len(view.requests) > 1:
        text = f"✅ {bold(f'Asked for {count(sum(each.packages for each in view.requests), _PACKAGE)}')} in parts:"
        asked = [text, *map(_request_line, view.requests[:_MOST_GROUPS])]
    else:
        asked = [f"✅ {bold(f'Asked as C-{one.number}')} for {_request_words(one)}." for one in view.requests]
    return message(asked[0], section(*asked, *_what_lines(view)), *_left_out_blocks(view))


def _failed(view: BatchView) -> Message:
    if view.note:
        return answer(f"❌ {bold('Nothing was asked for.')} {safe(view.note, 600)}", *_what_lines(view))
    text = f"I know of no package that matches {selection_code(view.selection)}. Nothing was asked for."
    return message(
        text,
        section(text),
        section(
            f"I know what npm's search tells, and what an owner's account shows: `{COMMAND} login` as an owner lets me"
            " see all of an organisation's packages.",
            f"`{COMMAND} coverage @acme/*` shows what I know, `{COMMAND} watch @acme/*` keeps it known; or name the"
            f" packages in the line, or paste them into `{COMMAND} bulk`.",
        ),
        section(*_what_lines(view)),
    )


def _what_lines(view: BatchView) -> Iterator[str]:
    yield typed(view.what, 400) if view.what else ""
    channels = [one.channel for one in view.requests] or [view.channel]
    is_one = len(channels) == 1 and channels[0] and not is_direct(channels[0])
    why = [f"Why: {safe(view.reason, 300)}"] if view.reason else []
    where = [f"{'in' if why else 'In'} {mention_channel(channels[0])}"] if is_one else []
    yield " · ".join([*why, *where])
    yield "Held: approvals are collected, and nothing runs before somebody presses *Run now*." if view.hold else ""


def _all_lines(view: BatchView) -> Iterator[str]:
    if view.takes_all:
        yield f"⚠️ {bold('The star takes every package that I know, whoever owns it.')} Look twice before you ask."
    if view.selection:
        found = f"{selection_code(view.selection)} matches {count(view.total, 'package')}"
        yield f"{found}: {catalogue_line(view.catalogue, None)}." if view.catalogue else f"{found}."
    if view.unseen:
        yield f"{count(view.unseen, 'name')} left out that npm does not show to you."


def _group_lines(view: BatchView) -> Iterator[str]:
    ticked_first = sorted(view.groups, key=lambda group: not group.chosen)
    for group in ticked_first[:_MOST_GROUPS]:
        yield f"• {safe(group.label, 250)}: {_ticked_words(group.chosen, group.size)}"
    if len(view.groups) > _MOST_GROUPS:
        yield f"• and others: {bold('Choose…')} shows them all."


def _ticked_words(chosen: int, size: int) -> str:
    packages = count(size, _PACKAGE)
    if chosen in {0, size}:
        return packages if chosen else f"{packages}, {'not' if size == 1 else 'none'} ticked"
    return f"{chosen} of {packages}"


def _place_lines(view: BatchView) -> Iterator[str]:
    yield f"The policy wants these in several channels, so this becomes {bold(f'{len(view.requests)} requests')}:"
    for one in view.requests[:_MOST_GROUPS]:
        yield f"• {_channel_words(one)}: {count(one.packages, _PACKAGE)}"
    if len(view.requests) > _MOST_GROUPS:
        yield f"• and {len(view.requests) - _MOST_GROUPS} more"


def _request_line(one: PlacedRequest) -> str:
    return f"• C-{one.number} in {_channel_words(one)}: {count(one.packages, _PACKAGE)}"


def _request_words(one: PlacedRequest) -> str:
    where = "in our messages" if is_direct(one.channel) else f"in {mention_channel(one.channel)}"
    return f"{count(one.packages, _PACKAGE)}: see it {where}"


def _channel_words(one: PlacedRequest) -> str:
    return "our messages" if is_direct(one.channel) else mention_channel(one.channel)


def _left_out_blocks(view: BatchView) -> Iterator[Block]:
    unticked = [tally for tally in view.tallies if tally.status is Status.UNTICKED]
    skipped = [tally for tally in view.tallies if tally.status in _GONE_WRONG]
    if unticked:
        total = sum(tally.number for tally in unticked)
        yield section(bold(f"Not ticked: {total}"), *map(_tally_line, unticked[:_MOST_LEFT_OUT]))
    if skipped:
        total = sum(tally.number for tally in skipped)
        yield section(bold(f"Skipped: {total}"), *map(_tally_line, skipped[:_MOST_LEFT_OUT]))


def _tally_line(tally: Tally) -> str:
    named = "; ".join(map(_example, tally.examples))
    left_out = tally.number - sum(example.number for example in tally.examples)
    more = f"; and {left_out} more" if left_out > 0 else ""
    why = tally.why.value if tally.why else "unticked by you"
    way_out = f" ({_WHAT_TO_DO[tally.why]})" if tally.why in _WHAT_TO_DO else ""
    return f"• {tally.number} {why}{way_out}: {named}{more}"


def _example(example: Example) -> str:
    named = ", ".join(safe(package_words(package), _NAME) for package in example.packages)
    left_out = example.number - len(example.packages)
    more = f" and {left_out} more" if left_out > 0 else ""
    return f"{named}{more} ({safe(example.detail.rstrip('.'), _DETAIL)})" if example.detail else f"{named}{more}"


def _effort_lines(view: BatchView) -> Iterator[str]:
    if view.effort is None:
        return
    yield f"Once approved: {_time_words(view.effort)}, and {_confirmation_words(view.effort)} at npm."
    if view.effort.calls > view.count(Status.INCLUDED) * CALLS["create"]:
        yield "What goes is read at npm first, through an owner's account, before anybody can approve it."


def _time_words(effort: Effort) -> str:
    minutes = max(1, round(effort.seconds / 60))
    return f"{count(effort.calls, 'call')} to npm, about {count(minutes, 'minute')}"


def _confirmation_words(effort: Effort) -> str:
    if effort.each_call:
        return f"{count(effort.confirmations, 'confirmation')}, since npm asks for each call"
    return f"about {count(effort.confirmations, 'confirmation')}"


def render_batch_begun(named: int, selection: str, *, is_direct: bool) -> Message:
    """The answer to the line, at once."""
    what = selection_code(selection) if selection else count(named, "package")
    where = "here" if is_direct else "by DM"
    return answer(
        f"🔎 I look at {what}. A preview comes {where}: nothing is asked for before you press {bold('Ask')} there.",
    )


def render_batch_asked(one: PlacedRequest, others: Sequence[PlacedRequest] = (), *, left_out: int) -> Message:
    """It was asked for: in one request, or in one for each channel."""
    since = f"{count(left_out, _PACKAGE)} left out: see the preview, where the reason stands." if left_out else ""
    if others:
        requests = [one, *others]
        packages = sum(each.packages for each in requests)
        return answer(
            f"✅ Asked for {count(packages, _PACKAGE)} in {len(requests)} requests:",
            *map(_request_line, requests[:_MOST_GROUPS]),
            since,
            f"`{COMMAND} cancel C-{one.number}` takes that one back; the others go on.",
        )
    where = "the message here" if is_direct(one.channel) else mention_channel(one.channel)
    return answer(
        f"✅ Asked as C-{one.number} for {count(one.packages, _PACKAGE)}: see {where}.",
        since,
        f"`{COMMAND} cancel C-{one.number}` takes it back.",
    )


def render_batch_empty(left_out: int) -> Message:
    """All of it was asked for by others meanwhile."""
    return answer(
        f"Nothing was asked for: all {left_out} were asked for by somebody else meanwhile, or may not be seen there."
        if left_out
        else f"Nothing is ticked, so nothing was asked for. {bold('Choose…')} ticks packages."
    )


def render_batch_dropped() -> Message:
    """Nothing is asked for."""
    return answer("Dropped: nothing was asked for.")


def render_batch_over(state: BatchState, *, numbers: Sequence[int] = ()) -> Message:
    """A press on a preview that is no preview any more."""
    if numbers:
        named = ", ".join(f"C-{number}" for number in numbers[:_MOST_GROUPS])
        return answer(f"That was asked for already, as {named}: `{COMMAND} status C-{numbers[0]}` shows it.")
    if state in {BatchState.LISTING, BatchState.LOOKING}:
        return answer("I still look at the packages: the preview comes when I have seen them all.")
    return answer("That was dropped, or came to nothing. Write the line again to begin anew.")


def render_batch_changed() -> Message:
    """A press under an earlier preview."""
    return answer("The preview has changed since. I have brought it up to date: look at it, then press again.")


def render_batch_old() -> Message:
    """The preview is of yesterday."""
    return answer("That preview is a day old, so I look at the packages again. Nothing was asked for yet.")


def render_not_your_batch() -> Message:
    """A press on somebody else's preview."""
    return answer("That preview is somebody else's. Write the line yourself to get your own.")


def render_looks(number: int, *, done: int, total: int, unclear: int, waits: bool) -> Message:
    """How far the looks at the configurations of a large request have come, for whose account makes them."""
    over = done >= total
    title = f"C-{number}: {'read' if over else 'I read'} what stands at npm, {done} of {total}"
    unclear_words = f"{count(unclear, 'package')} without exactly one such configuration: Details in C-{number} tells."
    return message(
        title,
        section(bold(title), bar(done, total)),
        section(unclear_words) if unclear else None,
        context("It waits for you: see the link that I sent.") if waits and not over else None,
        context(f"`{COMMAND} status C-{number}` shows the request.") if over else None,
    )
