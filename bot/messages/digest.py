"""The digest: where the packages of a watch stand, what changed since the last one, and what to do about it."""

from collections.abc import Mapping, Sequence

from bot.domain.coverage import LACKING, Standing, label_of
from bot.domain.coverage_views import PutAside, WatchView
from bot.domain.digest import DigestContent, DigestPackage
from bot.domain.trend import TrendPoint, fill_weeks, has_trend, percents_of, sparkline
from bot.messages._blocks import (
    about,
    actions,
    answer,
    button,
    confirmation,
    context,
    message,
    picture_of_file,
    section,
)
from bot.messages._coverage import (
    MEANING,
    PackageLine,
    bar,
    catalogue_line,
    owners_line,
    package_line,
    selection_code,
    selection_words,
    tally_lines,
)
from bot.messages._text import bold, clean, count, cut, day, mention, mention_channel, mentions, safe, typed, when
from bot.messages._words import COMMAND, package_words
from bot.messages.ids import Action
from bot.messages.message import Block, Message

_COUNTED = (Standing.TRUSTED, Standing.NOT_USED_YET, *LACKING)
_NO_VALUES: Mapping[str, str] = {}


def render_digest(content: DigestContent, values: Mapping[str, str] = _NO_VALUES, *, picture: str = "") -> Message:
    """Draw a digest for its channel.

    Args:
        content: What it says.
        values: The opaque value of the buttons of a package, by its name.
        picture: Slack's file that shows the trend; empty: there is none.
    """
    late = f"⏰ Late: it was due {when(content.due_at)}." if content.late else ""
    return _draw(f"Digest of {_title(content)}", content, values, late, picture)


def picture_title(content: DigestContent) -> str:
    """Say what the picture of the trend shows, plain: the selection is text from outside."""
    selection = cut(clean(content.selection), 80) or "all known packages"
    return f"{selection}: % that publish through a trusted publisher"


def render_digest_preview(
    content: DigestContent, watches: Sequence[WatchView] = (), values: Mapping[str, str] = _NO_VALUES
) -> Message:
    """Show what the next digest would say, to who asked."""
    dates = [
        f"{mention_channel(watch.channel)}{f' {when(watch.next_at)}' if watch.next_at else ''}" for watch in watches[:5]
    ]
    planned = f"The next one goes to {', '.join(dates)}." if dates else f"Nobody watches this: `{COMMAND} watch` does."
    return _draw(f"What a digest would say now: {_title(content)}", content, values, planned)


def render_nothing_to_digest(selection: str) -> Message:
    """No watch, and no package, for what was asked."""
    return answer(
        f"I watch nothing that matches {selection_code(selection)}, and know of no such package.",
        f"`{COMMAND} watch @acme/*` has a digest posted here every Monday; `{COMMAND} coverage @acme/*` looks now.",
    )


def render_put_aside(aside: PutAside) -> Message:
    """The package is out of what lacks trust, and can be brought back."""
    text = f"{_aside_words(aside)} The digest only counts it from now on; it stays watched, and alarms still come."
    return message(text, section(text), _bring_back(aside))


def render_put_aside_already(aside: PutAside) -> Message:
    """Somebody has done so before."""
    text = f"{_aside_words(aside)} {mention(aside.by)} said so already."
    return message(text, section(text), _bring_back(aside))


def render_brought_back(package: str) -> Message:
    """The package lacks trust again, as far as public data shows."""
    return answer(f"{_name(package)} is back: the next digest shows it where it lacks trust.")


def render_not_yours_to_put_aside(package: str, who: Sequence[str]) -> Message:
    """The press does not count, and who could."""
    can = (
        f"Who can: {mentions(who[:10])}."
        if who
        else f"A maintainer can who links their npm account: `{COMMAND} login`."
    )
    return answer(
        f"Only maintainers of {_name(package)}, admins, and who set the first watch of it"
        f" can take it out of the digest. {can}"
    )


def aside_line(aside: PutAside) -> str:
    """Tell in one line what was put aside, and by whom; in markup."""
    until = f"snoozed until {day(aside.until)}" if aside.until else "not publishing any more"
    return f"{bold(_name(aside.package))}: {until}, says {mention(aside.by)}"


def _draw(title: str, content: DigestContent, values: Mapping[str, str], remark: str, picture: str = "") -> Message:
    counted = sum(content.counts.get(standing, 0) for standing in _COUNTED)
    drawn = f"{bar(content.trusted, counted)}  {content.trusted} of {counted}{_change(content)}" if counted else ""
    owners = [(owner.npm_user, owner.slack_user, owner.count) for owner in content.owners]
    alarms = f"🚨 {count(content.alarms_open, 'alarm')} nobody has acknowledged yet." if content.alarms_open else ""
    return message(
        title,
        section(
            bold(title), drawn, trend_line(content.trend), *tally_lines(content.counts, content.made_at), alarms, remark
        ),
        picture_of_file(picture, trend_words(content)) if picture else None,
        _new(content),
        section(f"{bold('Who maintains what lacks it:')} {owners_line(owners)}") if owners else None,
        *_packages(content, values),
        context(catalogue_line(content.catalogue, content.oldest_read_at), *_small_print(content)),
    )


def _title(content: DigestContent) -> str:
    what = selection_words(content.selection)
    if content.percent is None:
        return f"{what}: {count(content.total, 'package')}, none that counts"
    return f"{what}: {content.percent} % publish through a trusted publisher"


def trend_line(points: Sequence[TrendPoint]) -> str:
    """Tell the trend in a line of text, with its numbers; empty where there is nothing to compare."""
    weeks = fill_weeks(points)
    percents = percents_of(weeks)
    if not has_trend(points):
        return ""
    numbers = " · ".join(map(str, percents))
    return f"{sparkline(weeks)}  {percents[0]} → {percents[-1]} % in {count(len(weeks), 'week')} ({numbers})"


def trend_words(content: DigestContent) -> str:
    """Tell what the picture shows to who cannot see it, plain."""
    known = [point for point in fill_weeks(content.trend) if point is not None]
    told = (
        f"{point.percent} % ({point.trusted} of {point.counted}) in the week of {point.week:%d %b %Y}"
        for point in known
    )
    return f"{picture_title(content)}. {'; '.join(told)}."


def _change(content: DigestContent) -> str:
    if content.before_trusted is None:
        return " · the first digest"
    change = content.trusted - content.before_trusted
    since = f" since {day(content.before_made_at)}" if content.before_made_at else ""
    return f" · {f'{change:+d}' if change else 'no change'}{since}"


def _new(content: DigestContent) -> Block | None:
    if not content.new_without:
        return None
    shown = ", ".join(
        f"{safe(package_words(package.name), 100)} ({safe(package.standing, 30)})" for package in content.new_without
    )
    left_out = content.new_without_total - len(content.new_without)
    more = f" and {left_out} more" if left_out > 0 else ""
    return section(
        f"🆕 {bold(f'New without trust ({max(content.new_without_total, len(content.new_without))}):')} {shown}{more}"
    )


def _packages(content: DigestContent, values: Mapping[str, str]) -> list[Block | None]:
    if not content.lacking:
        return []
    several = content.lacking_total > len(content.lacking)
    those = f" ({len(content.lacking)} of {content.lacking_total})" if several else ""
    drawn: list[Block | None] = [section(bold(f"Lacking, longest without a release first{those}:"))]
    for package in content.lacking:
        drawn += [section(_line(package, content)), _buttons(package, values.get(package.name, ""))]
    return drawn


def _line(package: DigestPackage, content: DigestContent) -> str:
    return package_line(
        PackageLine(
            package.name,
            label_of(package.standing, content.made_at),
            package.version,
            "",
            package.last_publish,
            package.repository,
            package.owners,
        )
    )


def _buttons(package: DigestPackage, value: str) -> Block | None:
    """Offer what helps; nothing for a package that needs nothing any more since the digest was made."""
    if not value or package.standing not in LACKING:
        return None
    retire = confirmation(
        "Not publishing any more?",
        f"{package.name} is then only counted, until a new version comes.",
        yes="No more versions",
        no="Keep it",
    )
    return actions(
        about(button("Set up", Action.SET_UP, value), package.name),
        about(button("Snooze", Action.SNOOZE, value), package.name),
        about(button("Not publishing any more", Action.RETIRE, value, confirm=retire), package.name),
    )


def _small_print(content: DigestContent) -> list[str]:
    look = typed(f"{COMMAND} coverage {content.selection}")
    sealed = f"The record is sealed up to {typed(content.record_head)}: `npmtrust audit verify --head` checks it."
    return [MEANING, f"All packages: {look}", sealed if content.record_head else ""]


def _aside_words(aside: PutAside) -> str:
    if aside.until:
        return f"💤 {_name(aside.package)} is snoozed until {day(aside.until)}."
    return f"🗄 {_name(aside.package)} counts as not publishing any more, until a new version comes."


def _bring_back(aside: PutAside) -> Block | None:
    return actions(button("Bring back", Action.BRING_BACK, aside.value)) if aside.value else None


def _name(package: str) -> str:
    return safe(package_words(package), 214)
