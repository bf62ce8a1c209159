"""Alarms, when a version came another way than those before it; and the news that what was set up here works."""

from collections.abc import Mapping, Sequence

from bot.domain.breaks import BreakKind
from bot.domain.coverage_views import AlarmView, ArrivalView
from bot.domain.overview import Maintainer
from bot.messages._blocks import actions, answer, button, context, link_button, message, section
from bot.messages._text import ago, bold, is_direct, mention, mention_channel, mentions, safe, when
from bot.messages._words import COMMAND, package_words
from bot.messages.ids import Action
from bot.messages.message import Message

_MOST_OWNERS = 15
_TITLES: Mapping[BreakKind, str] = {
    BreakKind.LOST: "came without the trusted publisher",
    BreakKind.OTHER_CONFIGURATION: "came through another configuration",
    BreakKind.OTHER_REPOSITORY: "was built from another repository",
    BreakKind.OTHER_WORKFLOW: "was built by another workflow",
}
_WHY: Mapping[BreakKind, str] = {
    BreakKind.LOST: "A stolen token or account looks like this. So does a release by hand.",
    BreakKind.OTHER_CONFIGURATION: "Somebody with an owner's account may have let another workflow publish.",
    BreakKind.OTHER_REPOSITORY: "A stolen account looks like this. So does a project that moved.",
    BreakKind.OTHER_WORKFLOW: "A changed repository looks like this. So does a workflow that was renamed.",
}

_AFTER_LOSS: Mapping[str, str] = {
    "none": "no trusted publisher",
    "provenance only": "no trusted publisher, provenance only",
}


def render_alarm(view: AlarmView) -> Message:
    """Tell a channel that a version came another way; once somebody acknowledged it, quietly."""
    return _quiet(view) if view.acknowledged_by else _loud(view, owners_words(view.owners))


def render_alarm_to_owner(view: AlarmView, channel: str) -> Message:
    """Tell a maintainer by DM; `channel` is where the others see it, or empty."""
    if view.acknowledged_by:
        return _quiet(view)
    seen = f" The others see it in {mention_channel(channel)}." if channel and not is_direct(channel) else ""
    return _loud(view, f"You get this because you maintain the package at npm.{seen}")


def render_arrival(view: ArrivalView) -> Message:
    """Tell that a version came through what was set up here."""
    name, version = safe(package_words(view.package), 214), safe(view.version, 60)
    through = safe(view.label, 200) or "the new configuration"
    title = f"{name} {version} came through {through}"
    run = f", run by {mention(view.executor)}" if view.executor and view.executor != view.requester else ""
    at = f" {when(view.at)}" if view.at else ""
    return message(
        f"It works: {title}",
        section(
            f"🎉 {bold(f'It works: {title}')}",
            "Now you can disallow tokens at npm: on its page of the package, under Publishing access, choose"
            " “Require two-factor authentication and disallow tokens”. Trusted publishing goes on.",
        ),
        context(f"published{at} · C-{view.number}, asked by {mention(view.requester)}{run}"),
        actions(link_button("Publishing access at npm", Action.OPEN_ACCESS, view.access_url)),
    )


def render_acknowledged(view: AlarmView) -> Message:
    """The answer to who acknowledged."""
    return answer(f"The alarm of {_subject(view)} is acknowledged, and stays quiet. Everybody can read your reason.")


def render_acknowledged_already(view: AlarmView) -> Message:
    """Somebody was first."""
    at = f" {when(view.acknowledged_at)}" if view.acknowledged_at else ""
    return answer(
        f"{mention(view.acknowledged_by)} acknowledged the alarm of {_subject(view)}{at} already:",
        f"“{safe(view.reason, 600)}”",
    )


def render_not_yours_to_acknowledge(view: AlarmView, who: Sequence[str]) -> Message:
    """The press does not count, and who could."""
    can = (
        f"Who can: {mentions(who[:10])}."
        if who
        else f"First one of them must link their npm account: `{COMMAND} login`."
    )
    return answer(
        f"Only maintainers of {safe(package_words(view.package), 214)} and admins can acknowledge this. {can}"
    )


def alarm_words(view: AlarmView) -> str:
    """Say what was seen, plain: it holds text from outside."""
    return f"{package_words(view.package)} {view.break_.version} {_TITLES[view.break_.kind]}"


def _loud(view: AlarmView, who: str) -> Message:
    title = safe(alarm_words(view), 400)
    return message(
        f"🚨 {title}",
        section(f"🚨 {bold(title)}", *_facts(view), who),
        section(_WHY[view.break_.kind], *_advice(view)),
        actions(
            button("Acknowledge…", Action.ACKNOWLEDGE, view.value, style="primary"),
            link_button("Package on npm", Action.OPEN_PACKAGE, view.package_url),
        ),
        context(f"seen in public data {when(view.raised_at)}"),
    )


def _quiet(view: AlarmView) -> Message:
    title = f"{_subject(view)}: acknowledged by {mention(view.acknowledged_by)}"
    at = f" {when(view.acknowledged_at)}" if view.acknowledged_at else ""
    return message(
        title,
        section(f"☑️ {bold(title)}", f"“{safe(view.reason, 600)}”"),
        context(f"It {_TITLES[view.break_.kind]} · seen {when(view.raised_at)} · acknowledged{at}"),
    )


def _facts(view: AlarmView) -> list[str]:
    found = view.break_
    version = f" ({safe(found.version_before, 60)})" if found.version_before else ""
    by = f" by npm user {safe(found.by, 60)}" if found.by else ""
    at = f" {ago(found.at)}" if found.at else ""
    published = f", published{by}{at}" if by or at else ""
    after = _AFTER_LOSS.get(found.after, found.after) if found.kind is BreakKind.LOST else found.after
    return [
        f"Before: {safe(found.before, 250)}{version}" if found.before else "",
        f"Now: {safe(after, 250)} ({safe(found.version, 60)}{published})",
    ]


def _advice(view: AlarmView) -> list[str]:
    by = view.break_.by
    whom = f"npm user {safe(by, 60)}, outside of npm," if by else "the maintainers"
    return [
        f"1. Ask {whom} whether they meant it.",
        "2. If nobody did: deprecate or unpublish the version at npm, then end that account's sessions and tokens.",
        "3. Acknowledge it with what you found.",
    ]


def owners_words(owners: Sequence[Maintainer]) -> str:
    """Name the maintainers; nothing where none is known."""
    if not owners:
        return ""
    shown = [
        mention(owner.slack_user) if owner.slack_user else f"{safe(owner.npm_user, 60)} (not linked)"
        for owner in owners[:_MOST_OWNERS]
    ]
    left_out = len(owners) - len(shown)
    return f"Maintainers: {', '.join(shown)}{f' and {left_out} more' if left_out else ''}"


def _subject(view: AlarmView) -> str:
    return f"{safe(package_words(view.package), 214)} {safe(view.break_.version, 60)}"
