"""Watches: which digest goes where and when, and why one could not be set."""

from collections.abc import Sequence

from bot.domain.coverage_views import PutAside, WatchView
from bot.messages._blocks import actions, answer, button, code, context, message, section
from bot.messages._coverage import selection_code
from bot.messages._text import bold, is_direct, mention, mention_channel, mentions, safe, typed, when
from bot.messages._words import COMMAND
from bot.messages.digest import aside_line
from bot.messages.ids import Action
from bot.messages.message import Block, Message

_MOST = 20
_MOST_ASIDE = 10
_NOT_WATCHED = "Not watched."
_CRON = (
    "Five fields: minute, hour, day of the month, month, day of the week. Mondays at nine, and daily at half past six:"
)


def render_watching(view: WatchView, *, is_new: bool) -> Message:
    """The watch stands, new or changed."""
    what = "I watch" if is_new else "Changed: I watch"
    title = f"✅ {what} {selection_code(view.selection)}, with a digest {_where(view)}."
    return message(
        title,
        section(title, _when_line(view)),
        section("An alarm comes at once when a version comes without its trusted publisher."),
        context(f"`{COMMAND} digest` shows now what the next one would say. To end it:"),
        *code(_unwatch(view)),
    )


def render_watches(views: Sequence[WatchView], aside: Sequence[PutAside] = ()) -> Message:
    """List the watches, and what was taken out of their digests."""
    if not views:
        text = "Nothing is watched yet."
        return message(
            text, section(text, "With this, a digest comes here every Monday:"), *code(f"{COMMAND} watch @acme/*")
        )
    title = f"{len(views)} watched" if len(views) > 1 else "One watch"
    more = [context(f"… and {len(views) - _MOST} more")] if len(views) > _MOST else []
    return message(
        title,
        section(bold(title)),
        *(section(*_watch_lines(view)) for view in views[:_MOST]),
        *more,
        *_aside(aside),
        context("To end one:"),
        *code("\n".join(_unwatch(view) for view in views[:_MOST])),
    )


def render_unwatched(view: WatchView) -> Message:
    """The watch is over."""
    return answer(
        f"I no longer watch {selection_code(view.selection)} for {_place(view.channel)}: no digest comes any more.",
        "What was read stays, so that the watch can be set again.",
    )


def render_no_such_watch(selection: str, views: Sequence[WatchView]) -> Message:
    """Nothing of that name is watched."""
    text = f"I do not watch {selection_code(selection)}."
    if not views:
        return answer(text, "Nothing is watched.")
    return message(text, section(text, "What is watched:"), *code("\n".join(_unwatch(view) for view in views[:_MOST])))


def render_not_yours_to_unwatch(view: WatchView, who: Sequence[str]) -> Message:
    """The command does not count, and who could."""
    can = mentions(dict.fromkeys([view.set_by, *who[:10]]))
    return answer(f"Only who set this watch and the admins can change or end it: {can}.")


def render_watch_guest() -> Message:
    """Guests watch nothing."""
    return answer(f"{bold(_NOT_WATCHED)} Guests cannot set or end a watch: ask a full member.")


def render_cron_refused(cron: str, why: str = "") -> Message:
    """The schedule cannot be understood; `why` is plain."""
    reason = f" ({safe(why, 200)})" if why else ""
    given = typed(cron, 100) if cron.strip() else "nothing"
    return _with_crons(f"❌ {bold(_NOT_WATCHED)} This is no schedule{reason}: {given}.")


def render_never_fires(cron: str) -> Message:
    """The schedule is right and has no date."""
    return _with_crons(f"❌ {bold(_NOT_WATCHED)} The schedule {typed(cron, 100)} never comes: no day fits it.")


def render_zone_refused(zone: str, like: Sequence[str] = ()) -> Message:
    """There is no such time zone."""
    near = f"Did you mean {', '.join(safe(name, 60) for name in like[:3])}?" if like else ""
    return answer(
        f"❌ {bold(_NOT_WATCHED)} I know of no time zone {safe(zone, 60)}. {near}".strip(),
        "Name one as `--tz Europe/Paris`; left out, it is the one of your Slack.",
    )


def render_cannot_watch(channel: str, why: str = "") -> Message:
    """Nobody would see the digest; `why` is Slack's word."""
    if channel.startswith("#"):
        return answer(
            f"❌ {bold(_NOT_WATCHED)} Slack has not told me which channel {safe(channel, 90)} is.",
            "Pick it from the list that Slack shows while you type its name, or ask in that channel itself.",
        )
    cannot = f"❌ {bold(_NOT_WATCHED)} I cannot post in {mention_channel(channel)}."
    if why == "is_archived":
        return answer(f"{cannot} It is archived.", "Name another with `--channel`.")
    told = "" if why in {"", "not_in_channel", "channel_not_found"} else f" Slack says: {safe(why, 200)}."
    return answer(
        f"{cannot}{told}", "Type `/invite @npmtrust` there, then ask again; or name another with `--channel`."
    )


def _with_crons(text: str) -> Message:
    examples = code('--cron "0 9 * * 1"\n--cron "30 6 * * *"')
    return message(text, section(text, _CRON), *examples)


def _watch_lines(view: WatchView) -> list[str]:
    return [
        f"{selection_code(view.selection)} · {_where(view)} · set by {mention(view.set_by)}",
        _when_line(view),
        f"⚠️ {safe(view.problem, 300)}" if view.problem else "",
    ]


def _when_line(view: WatchView) -> str:
    zone = f" {safe(view.timezone, 60)}" if view.timezone else ""
    following = f"Next: {when(view.next_at)} · " if view.next_at else ""
    return f"{following}{typed(view.cron, 100)}{zone}"


def _where(view: WatchView) -> str:
    return "by DM" if is_direct(view.channel) else f"in {mention_channel(view.channel)}"


def _place(channel: str) -> str:
    return "your DM" if is_direct(channel) else mention_channel(channel)


def _unwatch(view: WatchView) -> str:
    return f"{COMMAND} unwatch {view.selection}"


def _aside(aside: Sequence[PutAside]) -> list[Block | None]:
    if not aside:
        return []
    drawn: list[Block | None] = [section(bold("Taken out of the digest:"))]
    for each in aside[:_MOST_ASIDE]:
        back = actions(button("Bring back", Action.BRING_BACK, each.value)) if each.value else None
        drawn += [section(aside_line(each)), back]
    left_out = len(aside) - _MOST_ASIDE
    return [*drawn, context(f"… and {left_out} more: the CSV of a coverage names them") if left_out > 0 else None]
