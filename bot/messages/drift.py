"""Drift: a configuration that came, went or is not right any more, without npmtrust; and what mends it."""

from collections.abc import Sequence

from bot.domain.drift import Drift, DriftKind, Made
from bot.domain.home import DriftView
from bot.domain.publishers import Configuration
from bot.messages._blocks import actions, answer, button, context, link_button, message, plain, section
from bot.messages._text import bold, count, mention, mention_channel, mentions, names, safe, when
from bot.messages._words import COMMAND, configuration_words, package_words
from bot.messages.forms import AlarmOrigin, text_input
from bot.messages.ids import Action, Callback, Field
from bot.messages.message import Block, Message, View

_MOST_TOGETHER = 12
_LINE_LETTERS = 600
_TITLES = {
    DriftKind.APPEARED: "a trust configuration of {} appeared outside npmtrust",
    DriftKind.VANISHED: "a trust configuration of {} vanished outside npmtrust",
    DriftKind.MAKER_LEFT: "a trust configuration of {} was made by somebody who has left its maintainers",
    DriftKind.RENAMED: "a trust configuration of {} names a repository that was renamed",
}
_WHY = {
    DriftKind.APPEARED: "Somebody with write access added it at npm. npm's list does not tell who, or when exactly."
    " If nobody did, an account is in wrong hands.",
    DriftKind.VANISHED: "Somebody with write access revoked it at npm, or npm dropped it since nothing was published"
    " through it within two days. npm does not tell which.",
    DriftKind.MAKER_LEFT: "It goes on, whoever made it. Make sure that its repository is still in your hands.",
    DriftKind.RENAMED: "npm compares names exactly, so publishing through it fails; and whoever takes the old name"
    " could publish through it.",
}
_MENDING = {
    DriftKind.APPEARED: "Revoke it…",
    DriftKind.VANISHED: "Set it up again…",
    DriftKind.MAKER_LEFT: "Revoke it…",
    DriftKind.RENAMED: "Replace it…",
}
_TITLE_OF_FORM = {
    DriftKind.APPEARED: "Revoke",
    DriftKind.MAKER_LEFT: "Revoke",
    DriftKind.RENAMED: "Replace",
    DriftKind.VANISHED: "Set up again",
}


def render_drift(view: DriftView) -> Message:
    """Tell of it, with the way out; quietly once somebody acknowledged it, or it is not so any more."""
    if view.over_at or view.acknowledged_by:
        return _quiet(view)
    title = _title(view)
    return message(
        f"🧭 {title}",
        section(f"🧭 {bold(title)}", *_facts(view)),
        section(_WHY[view.data.drift.kind]),
        drift_buttons(view),
        context(_found(view)),
    )


def render_drifts_together(views: Sequence[DriftView]) -> Message:
    """Tell of many that were found within an hour in one message; App Home has the buttons of each."""
    title = f"{count(len(views), 'configuration')} came, went or changed outside npmtrust"
    shown = [section(drift_line(view), limit=_LINE_LETTERS) for view in views[:_MOST_TOGETHER]]
    left_out = len(views) - len(shown)
    more = context(f"… and {left_out} more") if left_out > 0 else None
    home = "What mends each is in my Home tab, the newest first."
    return message(f"🧭 {title}", section(f"🧭 {bold(title)}", home), *shown, more)


def drift_line(view: DriftView) -> str:
    """Tell it in a line or two, as markup."""
    sign = "☑️" if view.over_at or view.acknowledged_by else "🧭"
    end = _end(view)
    return "\n".join(line for line in (f"{sign} {_title(view)} · {when(view.found_at)}", *_facts(view), end) if line)


def drift_buttons(view: DriftView) -> Block | None:
    """Offer what mends it; nothing once it is over, or somebody knows."""
    if view.over_at or view.acknowledged_by:
        return None
    return actions(
        button(_MENDING[view.data.drift.kind], Action.DRIFT_MEND, view.value, style="primary"),
        button("Acknowledge…", Action.DRIFT_ACKNOWLEDGE, view.value),
        link_button("Package on npm", Action.OPEN_PACKAGE, view.package_url),
    )


def drift_words(view: DriftView) -> str:
    """Say what was found, plain: it holds text from outside."""
    words = _TITLES[view.data.drift.kind].format(package_words(view.package))
    return f"{words[:1].upper()}{words[1:]}"


def mend_form(view: DriftView, *, channel: str) -> View:
    """Ask why, for the request that mends it; it is approved as every request is."""
    drift = view.data.drift
    shown = configuration_words(drift.configuration)
    kind = drift.kind
    what = f"Replace {shown} with the same for {drift.known_as}" if kind is DriftKind.RENAMED else f"Revoke {shown}"
    reason = f"{drift_words(view)}."
    return View(
        callback_id=Callback.DRIFT_MEND,
        title=_TITLE_OF_FORM[kind],
        submit="Ask for approval",
        blocks=(
            {"type": "section", "text": plain(f"{what} of {package_words(view.package)}?", 3000)},
            text_input(Field.REASON, "Why", hint="The reviewers read it.", initial=reason, optional=True, lines=True),
        ),
        private_metadata=AlarmOrigin(alarm=view.value, channel=channel).model_dump_json(),
    )


def acknowledge_drift_form(view: DriftView, *, channel: str) -> View:
    """Ask what was found out about it."""
    return View(
        callback_id=Callback.DRIFT_ACKNOWLEDGE,
        title="Acknowledge",
        submit="Acknowledge",
        blocks=(
            {"type": "section", "text": plain(drift_words(view), 3000)},
            text_input(
                Field.REASON, "What was it", hint="Everybody who was told reads it: I did this at npm.", lines=True
            ),
        ),
        private_metadata=AlarmOrigin(alarm=view.value, channel=channel).model_dump_json(),
    )


def render_drift_acknowledged(view: DriftView) -> Message:
    """The answer to who acknowledged."""
    return answer(f"It is noted, and stays quiet: {safe(drift_words(view), 400)}. Who was told can read your reason.")


def render_drift_over(view: DriftView) -> Message:
    """There is nothing to be done about it any more."""
    return answer(f"Nothing to do any more: {_end(view) or safe(drift_words(view), 400)}")


def render_drift_is_not_shown(view: DriftView, who: tuple[str, ...]) -> Message:
    """The press does not count: what stands at npm is for those who can write to the package."""
    can = (
        f"Who can: {mentions(who[:10])}."
        if who
        else f"A maintainer can who links their npm account: `{COMMAND} login`."
    )
    return answer(
        f"Only maintainers of {safe(package_words(view.package), 214)} whose npm account is linked see what npm's list"
        f" shows, and mend it from here. {can}"
    )


def render_cannot_be_mended(view: DriftView) -> Message:
    """We do not know this kind of configuration well enough to make it anew."""
    return answer(
        f"I do not know this kind of configuration of {safe(package_words(view.package), 214)} well enough to set it"
        " up: do it with `npm trust`, then acknowledge it here."
    )


def _title(view: DriftView) -> str:
    return safe(drift_words(view), 400)


def _facts(view: DriftView) -> list[str]:
    drift = view.data.drift
    if not view.may_see:
        return ["What it is, maintainers whose npm account is linked are told by DM."]
    since = f" It was not there {when(drift.since)}." if drift.since and drift.kind is DriftKind.APPEARED else ""
    if drift.since and drift.kind is DriftKind.VANISHED:
        since = f" It was there {when(drift.since)}."
    return [f"{_label(drift.configuration)}.{since}", _maker(view, drift.made), _renamed(drift)]


def _label(configuration: Configuration) -> str:
    return safe(configuration_words(configuration), 500)


def _maker(view: DriftView, made: Made | None) -> str:
    if made is None:
        return "It was not made here."
    user = f" as npm user {safe(made.npm_user, 60)}" if made.npm_user else ""
    by = f" by {mention(view.maker)}{user}" if view.maker else user
    left = ", who is none of its maintainers any more" if view.data.drift.kind is DriftKind.MAKER_LEFT else ""
    now = f" Maintainers now: {names(view.data.maintainers)}." if left and view.data.maintainers else ""
    return f"It was made here{by} {when(made.at)} (C-{made.number}){left}.{now}"


def _renamed(drift: Drift) -> str:
    return f"Its repository is called {bold(safe(drift.known_as, 150))} now." if drift.known_as else ""


def _found(view: DriftView) -> str:
    reader = view.data.reader
    how = f"in npm's own list, read as npm user {safe(reader, 60)}" if reader else "in public data"
    channel = next(iter(view.data.channels), "")
    told = f" · the others see it in {mention_channel(channel)}" if channel and view.may_see else ""
    return f"found {how} {when(view.found_at)}{told}"


def _quiet(view: DriftView) -> Message:
    return message(
        f"☑️ {_title(view)}", section(f"☑️ {bold(_title(view))}", *_facts(view), _end(view)), context(_found(view))
    )


def _end(view: DriftView) -> str:
    if view.acknowledged_by:
        at = f" {when(view.acknowledged_at)}" if view.acknowledged_at else ""
        return f"Acknowledged by {mention(view.acknowledged_by)}{at}: “{safe(view.reason, 600)}”"
    return f"npm's list shows {when(view.over_at)} that this is not so any more." if view.over_at else ""
