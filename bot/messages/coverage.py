"""Coverage: which packages publish through a trusted publisher, as far as public data shows it."""

from datetime import datetime
from typing import assert_never

from bot.domain.coverage import Coverage, PackageRecord, Standing, label_of, standing_of
from bot.domain.coverage_views import CoverageView, ScanState
from bot.messages._blocks import actions, answer, button, code, context, message, section
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
from bot.messages._evidence import evidence_line, evidence_of
from bot.messages._text import bold, count, day, is_direct, mention, mention_channel, safe
from bot.messages._words import COMMAND, package_words
from bot.messages.ids import Action
from bot.messages.message import Block, Message

_MOST_LACKING = 10
_DETAILS = 800
"""Letters of one package among several: Slack refuses messages that are too long as a whole."""
_LINES = 5
"""In one block, so that none of them is cut off."""


def render_coverage(view: CoverageView) -> Message:
    """Draw a coverage in whatever state it is."""
    match view.state:
        case ScanState.LISTING | ScanState.READING:
            return _progress(view)
        case ScanState.FAILED:
            return _failed(view)
        case ScanState.DONE:
            return _result(view, view.coverage) if view.coverage else _failed(view)
        case _:
            assert_never(view.state)


def render_coverage_asked(selection: str, channel: str, *, refresh: bool = False) -> Message:
    """The answer to the command, at once; `channel` is a person's id where the result comes by DM."""
    elsewhere = "by DM" if channel.startswith(("U", "W")) else f"in {mention_channel(channel)}"
    where = "here" if is_direct(channel) else elsewhere
    return answer(
        f"🔎 I read {selection_code(selection)} from npm's public data. The result comes {where}.",
        "" if refresh else "Packages that I read within the last hour are not read again; `--refresh` reads them all.",
    )


def render_nothing_known(selection: str) -> Message:
    """No package matches, as far as is known."""
    text = f"I know of no package that matches {selection_code(selection)}."
    return message(
        text,
        section(
            text,
            "`*` stands for any letters but `/`, and capitals count. npm's search finds only public packages.",
            f"Name a package or a scope as below; `{COMMAND} login` by an owner shows me npm's own list.",
        ),
        *code(f"{COMMAND} coverage @acme/ui\n{COMMAND} coverage @acme/*"),
    )


def coverage_csv_name(selection: str, now: datetime) -> str:
    """Name the file of a coverage: letters that every system takes."""
    plain = "".join(char if char.isascii() and char.isalnum() else "-" for char in selection.replace("*", "all"))
    name = "-".join(part for part in plain.split("-") if part)[:60] or "all"
    return f"coverage-{name}-{now:%Y-%m-%d}.csv"


def coverage_csv_title(selection: str) -> str:
    """Give the file its title; plain text."""
    return f"Coverage of {package_words(selection) or 'all known packages'}"


def _progress(view: CoverageView) -> Message:
    title = f"Reading {selection_words(view.selection)}"
    foot = context(f"asked by {mention(view.asked_by)}")
    if view.state is ScanState.LISTING or not view.total:
        lines = [f"🔎 {bold(f'{title}: I look up which packages there are.')}", _note(view)]
        return message(f"{title} …", section(*lines), _elsewhere(view), foot)
    percent = view.read * 100 // view.total
    lines = [f"🔎 {bold(f'{title}: {view.read} of {view.total}')}", f"{bar(view.read, view.total)}  {percent} %"]
    return message(f"{title} …", section(*lines, _note(view)), _elsewhere(view), foot)


def _failed(view: CoverageView) -> Message:
    title = f"Coverage of {selection_words(view.selection)}: not read."
    lines = [f"❌ {bold(title)}", safe(view.note, 500) or "npm could not be asked."]
    return message(title, section(*lines), _elsewhere(view), _refresh(view, "Try again"))


def _result(view: CoverageView, coverage: Coverage) -> Message:
    title = _title(view, coverage)
    counted = sum(coverage.counts.get(each, 0) for each in (Standing.TRUSTED, Standing.NOT_USED_YET))
    counted += len(coverage.lacking)
    drawn = f"{bar(coverage.trusted, counted)}  {coverage.trusted} of {counted}" if counted else ""
    owners = [(npm, view.people.get(npm, ""), number) for npm, number in coverage.missing_by_owner.items()]
    return message(
        title,
        section(bold(title), drawn, *tally_lines(coverage.counts, view.now), _note(view)),
        section(f"{bold('Who maintains what lacks it:')} {owners_line(owners)}") if owners else None,
        *(_each(view) if view.records else _lacking(coverage, view.now)),
        _elsewhere(view),
        context(*_small_print(view, coverage)),
        _refresh(view, "Refresh"),
    )


def _title(view: CoverageView, coverage: Coverage) -> str:
    what = selection_words(view.selection)
    if coverage.total == 0:
        return f"Coverage of {what}: no package that the public can see"
    if coverage.percent is None:
        return f"Coverage of {what}: {count(coverage.total, 'package')}, none that counts"
    return f"Coverage of {what}: {coverage.percent} % publish through a trusted publisher"


def _each(view: CoverageView) -> list[Block]:
    return [section(*_details(record, view), limit=_DETAILS) for record in view.records if not record.account_only]


def _details(record: PackageRecord, view: CoverageView) -> list[str]:
    standing = standing_of(record, view.now)
    evidence = evidence_of(record)
    owners = [f"{safe(npm, 60)}{_linked(view.people.get(npm, ''))}" for npm in record.maintainers[:5]]
    more = len(record.maintainers) - len(owners)
    facts = [
        f"Owners: {', '.join(owners)}{f' and {more} more' if more > 0 else ''}" if owners else "",
        safe(record.repository, 140),
        f"last publish {day(record.last_publish)}" if record.last_publish else "",
        "deprecated" if record.deprecated and standing is not Standing.DEPRECATED else "",
    ]
    return [
        f"{bold(safe(package_words(record.name), 214))}: {_standing_words(record, standing, view.now)}",
        f"Public data: {evidence_line(evidence)}" if evidence else "",
        " · ".join(filter(None, facts)),
        f"⚠️ {safe(record.problem, 300)}" if record.problem else "",
    ]


def _standing_words(record: PackageRecord, standing: Standing, now: datetime) -> str:
    """Say where a package stands, and what somebody said of it as long as it counts."""
    label = safe(label_of(standing, now), 60)
    if standing is Standing.RETIRED:
        return f"{label}, says {mention(record.retired_by)}"
    if standing is Standing.SNOOZED and record.snoozed_until:
        return f"{label} until {day(record.snoozed_until)}"
    return f"{label} · set up here {day(record.set_up_at)}" if record.set_up_at else label


def _linked(slack_user: str) -> str:
    return f" ({mention(slack_user)})" if slack_user else ""


def _lacking(coverage: Coverage, now: datetime) -> list[Block]:
    if not coverage.lacking:
        return []
    shown = [
        package_line(
            PackageLine(
                record.name,
                label_of(standing_of(record, now), now),
                record.version,
                record.by,
                record.last_publish,
                record.repository,
                record.maintainers,
            )
        )
        for record in coverage.lacking[:_MOST_LACKING]
    ]
    left_out = len(coverage.lacking) - len(shown)
    more = [f"… and {left_out} more, in the CSV"] if left_out else []
    title = bold("Lacking, longest without a release first:")
    lines = [*(f"• {line}" for line in shown), *more]
    groups = [lines[start : start + _LINES] for start in range(0, len(lines), _LINES)]
    return [section(title, *groups[0]), *(section(*group) for group in groups[1:])]


def _small_print(view: CoverageView, coverage: Coverage) -> list[str]:
    read_at = view.as_of or coverage.oldest_read_at
    csv = f"No CSV: {safe(view.csv_note, 300)}" if view.csv_note else "The CSV in the thread has every package."
    return [
        catalogue_line(view.catalogue, read_at) if view.catalogue else "",
        MEANING,
        f"{csv} Asked by {mention(view.asked_by)}.",
    ]


def _elsewhere(view: CoverageView) -> Block | None:
    if not view.invite_channel:
        return None
    where = mention_channel(view.invite_channel)
    return section(f"I cannot post in {where}, so it comes here. Type `/invite @npmtrust` there to have it there.")


def _note(view: CoverageView) -> str:
    return f"⚠️ {safe(view.note, 500)}" if view.note else ""


def _refresh(view: CoverageView, label: str) -> Block | None:
    return actions(button(label, Action.REFRESH_COVERAGE, view.value)) if view.value else None
