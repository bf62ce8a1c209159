"""App Home: what waits for somebody, what they asked for, what they own, and which links were really sent by us."""

from collections.abc import Iterator, Sequence

from bot.domain.coverage import LACKING, Standing, label_of, standing_of
from bot.domain.coverage_views import AlarmView
from bot.domain.home import DriftView, HomeContent, OwnCoverage, ReadyWait, ScopeCoverage, SentLink
from bot.domain.overview import ChangeSetView, HandoffState, LinkView
from bot.domain.sums import SumView
from bot.messages._blocks import about, actions, beside, button, context, header, section
from bot.messages._coverage import MEANING, PackageLine, bar, package_line, tally_lines
from bot.messages._text import bold, count, safe, when
from bot.messages._words import COMMAND
from bot.messages.alarms import alarm_words
from bot.messages.change_set import decision_buttons, notification_of
from bot.messages.drift import drift_buttons, drift_line
from bot.messages.freezing import frozen_line
from bot.messages.home_admin import admin_blocks
from bot.messages.ids import Action
from bot.messages.listings import waits_words
from bot.messages.message import Block, HomeView
from bot.messages.sums import decision_buttons_of_sum

_MOST_BLOCKS = 100
_ENTRY_LETTERS = 1000
_NO_ENTRY = "For members of this workspace"

_LINK_STATES = {
    HandoffState.OPEN: "open",
    HandoffState.DONE: "used",
    HandoffState.LATER: "put off by you",
    HandoffState.EXPIRED: "ran out, or was refused",
    HandoffState.NOT_ME: "you said that it was not you",
    HandoffState.SCRIPT: "became lines for your terminal",
    HandoffState.RENEWED: "a newer one took its place",
    HandoffState.LOST: "not needed any more",
}


def render_home(content: HomeContent) -> HomeView:
    """Draw App Home of one person."""
    if content.denial is not None:
        return HomeView((header(_NO_ENTRY), section("npmtrust is for full members of this workspace who are active.")))
    blocks = [
        *_top(content),
        *(_guide(content) if content.is_new_here else ()),
        *_waiting(content),
        *_asked(content),
        *_own(content.own),
        *_alarms(content.alarms),
        *_links(content.links),
        *(admin_blocks(content.admin, content.frozen) if content.admin else ()),
    ]
    given = [block for block in blocks if block]
    if len(given) > _MOST_BLOCKS:  # no part may be so long; Slack would refuse all of it
        given = [*given[: _MOST_BLOCKS - 1], context("… and more that Slack has no room for")]
    return HomeView(tuple(given))


def _top(content: HomeContent) -> Iterator[Block | None]:
    title = (
        f"{count(content.waits, 'thing waits', 'things wait')} for you" if content.waits else "Nothing waits for you"
    )
    yield header(title)
    if content.frozen:
        yield section(frozen_line(content.frozen.actor, content.frozen.reason))
    yield context(_account_line(content.link))


def _account_line(link: LinkView | None) -> str:
    if link is None:
        return "You are not linked to an npm account yet."
    user = bold(safe(link.npm_user, 60))
    if not link.is_linked:
        return f"You logged in as npm user {user}: an admin has to confirm that this is you."
    if link.session_until is None:
        return f"You are npm user {user}. No session now, and none is needed before something waits for one."
    return f"You are npm user {user}. Your session lasts until {when(link.session_until)}; `{COMMAND} logout` ends it."


def _guide(content: HomeContent) -> Iterator[Block | None]:
    is_linked = content.link is not None and content.link.is_linked
    is_pending = content.link is not None and not is_linked
    yield section(
        bold("Two steps, then npmtrust works for you:"),
        f"{_tick(done=is_linked)} Link your npm account: one login at npm, so that you can approve for your packages."
        f"{' An admin is asked already.' if is_pending else ''}",
        f"{_tick(done=content.has_watch)} Have your packages watched: type `{COMMAND} watch @your-scope/*` in a"
        " channel. A digest comes every Monday, and an alarm at once when a version came another way.",
        f"Then let a workflow publish: `{COMMAND} github @your-scope/package --file release.yml`.",
    )
    if content.link is None:
        yield actions(button("Link my npm account", Action.LINK_ACCOUNT, style="primary"))


def _tick(*, done: bool) -> str:
    return "✅" if done else "⬜"


def _waiting(content: HomeContent) -> Iterator[Block | None]:
    for link in content.confirm:
        yield from _open_link(link)
    if content.ready:
        yield from _ready(content.ready)
    if content.log_in:
        yield section(
            bold("Log in at npm"), f"{count(content.log_in, 'call waits', 'calls wait')} for a session of yours."
        )
        yield actions(button("Send me npm's login link", Action.LINK_ACCOUNT, style="primary"))
    for view in content.decide:
        yield section(bold(notification_of(view)), *_why(view), f"until {when(view.deadline)}", limit=_ENTRY_LETTERS)
        row = decision_buttons_of_sum(view) if isinstance(view, SumView) else decision_buttons(view)
        yield row and row | {"elements": [about(control, f"C-{view.number}") for control in row["elements"]]}
    left_out = content.decide_in_all - len(content.decide)
    if left_out > 0:
        yield context(f"… and {left_out} more to decide: `{COMMAND} pending`")


def _open_link(link: SentLink) -> Iterator[Block | None]:
    verb = "Log in" if link.login else "Confirm"
    yield section(
        bold(f"{verb} at npm{_purpose(link)}"),
        f"npm's link is in my DM since {when(link.at)}. It leads to {safe(link.host, 100)}, and ends"
        f" {when(link.expires_at)}.",
        limit=_ENTRY_LETTERS,
    )
    yield actions(
        button("Later, at my computer", Action.HANDOFF_LATER, link.value),
        button("Not me", Action.HANDOFF_NOT_ME, link.value, style="danger"),
    )


def _ready(ready: ReadyWait) -> Iterator[Block | None]:
    what = count(ready.calls, "call waits", "calls wait") if ready.calls else "Something waits"
    first = "npm's login link" if ready.login else "npm's link"
    yield section(bold(f"{what} for you to be ready"), f"Press it when you have a minute: I get {first} then, by DM.")
    yield actions(button("I'm ready", Action.HANDOFF_READY, ready.value, style="primary"))


def _why(view: ChangeSetView | SumView) -> list[str]:
    return [f"Why: {safe(view.reason, 200)}"] if view.reason else []


def _asked(content: HomeContent) -> Iterator[Block | None]:
    yield header("What you asked for")
    if not content.asked:
        yield context(f"Nothing yet. `{COMMAND} github @acme/ui --file release.yml` asks; `{COMMAND} help` tells more.")
    for view in content.asked:
        told = section(notification_of(view), *waits_words(view), limit=_ENTRY_LETTERS)
        yield beside(told, about(button("Details", Action.DETAILS, view.offer), f"C-{view.number}"))
    left_out = content.asked_in_all - len(content.asked)
    if left_out > 0:
        yield context(f"… and {left_out} more that are open: `{COMMAND} status`")


def _own(own: OwnCoverage | None) -> Iterator[Block | None]:
    if own is None:
        return
    yield header("What you own")
    if not own.coverage.total:
        yield context(
            f"I have looked at no package of npm user {safe(own.npm_user, 60)} yet. `{COMMAND} list` asks npm for them,"
            f" `{COMMAND} coverage @your-scope/*` looks at a scope."
        )
        return
    counts = own.coverage.counts
    counted = sum(counts.get(each, 0) for each in (Standing.TRUSTED, Standing.NOT_USED_YET, *LACKING))
    yield section(
        *(_bar_line(each) for each in own.scopes),
        f"… and {own.scopes_in_all - len(own.scopes)} more scopes" if own.scopes_in_all > len(own.scopes) else "",
        f"{bold('Together:')} {own.coverage.trusted} of {counted} publish through a trusted publisher"
        if counted
        else "",
        *tally_lines(counts, own.now),
    )
    for record, value in own.lacking:
        line = PackageLine(
            record.name, label_of(standing_of(record, own.now), own.now), record.version, "", record.last_publish
        )
        yield beside(section(package_line(line)), about(button("Set up…", Action.SET_UP, value), record.name))
    yield context(MEANING)


def _bar_line(scope: ScopeCoverage) -> str:
    name = safe(f"{scope.scope}/*" if scope.scope else "without a scope", 60)
    return f"{bar(scope.trusted, scope.counted)}  {scope.trusted} of {scope.counted}  {name}"


def _alarms(alarms: Sequence[AlarmView | DriftView]) -> Iterator[Block | None]:
    if not alarms:
        return
    yield header("Last alarms")
    for alarm in alarms:
        if isinstance(alarm, DriftView):
            yield section(drift_line(alarm), limit=_ENTRY_LETTERS)
            yield drift_buttons(alarm)
        elif alarm.acknowledged_by:
            yield section(f"☑️ {safe(alarm_words(alarm), 400)} · {when(alarm.raised_at)}", limit=_ENTRY_LETTERS)
        else:
            told = section(f"🚨 {safe(alarm_words(alarm), 400)} · {when(alarm.raised_at)}", limit=_ENTRY_LETTERS)
            yield beside(told, about(button("Acknowledge…", Action.ACKNOWLEDGE, alarm.value), alarm.package))


def _links(links: Sequence[SentLink]) -> Iterator[Block | None]:
    yield header("Links of npm's that I sent you in the last hour")
    yield section(
        *(_link_line(link) for link in links),
        "" if links else "None. A DM with a link to npm that claims to come from me is false.",
        limit=_ENTRY_LETTERS * 3,
    )
    if links:
        yield context("A DM with a link to npm that is not in this list is not from me: do not open it, tell an admin.")


def _link_line(link: SentLink) -> str:
    verb = "log in" if link.login else "confirm"
    state = f"open until {when(link.expires_at)}" if link.state is HandoffState.OPEN else _LINK_STATES[link.state]
    return f"• {when(link.at)}: to {verb}{_purpose(link)} · {safe(link.host, 100)} · {state}"


def _purpose(link: SentLink) -> str:
    number = f" (C-{link.change_set})" if link.change_set else ""
    return f": {safe(link.what, 150)}{number}" if link.what else number
