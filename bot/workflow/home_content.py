"""Loading what App Home shows one person, from committed rows."""

from collections import Counter
from datetime import datetime, timedelta

from bot.domain.approval import Denial, Directory, reviewers_of
from bot.domain.coverage import LACKING, PackageRecord, Standing, measure, standing_of
from bot.domain.coverage_views import AlarmView
from bot.domain.home import (
    MOST_ALARMS,
    MOST_ASKED,
    MOST_FAILED,
    MOST_LACKING,
    MOST_LINKS,
    MOST_PENDING,
    MOST_SCOPES,
    MOST_WAITING,
    AdminPart,
    DriftView,
    FailedDelivery,
    Frozen,
    HomeContent,
    OwnCoverage,
    ReadyWait,
    ScopeCoverage,
    SentLink,
    UnshownMessage,
)
from bot.domain.lifecycle import State
from bot.domain.overview import HandoffState, LinkState
from bot.domain.packages import scope_of
from bot.domain.patterns import selection_of
from bot.services import Services
from bot.workflow.alarm_bursts import data_of
from bot.workflow.alarms import alarm_view
from bot.workflow.authorise import load_all_step_facts, load_directory
from bot.workflow.drift_views import drift_view, is_told
from bot.workflow.handoff_views import purpose_of
from bot.workflow.lane import live_session
from bot.workflow.presence import find_button
from bot.workflow.put_aside import button_value
from bot.workflow.sums import shown_view
from bot.workflow.views import link_view
from storage.account_models import HandoffRow, LinkRow
from storage.home_models import HomeRow
from storage.models import ChangeSetRow
from storage.store import Store

_OPEN_SETS = 200
"""So many open change sets are looked at, the oldest first."""
_STEPS = 20
"""So many steps of each, to find out whom it waits for."""
_ALARMS = 100
_ENDED = 3
_HOUR = timedelta(hours=1)
_FAILED_WITHIN = timedelta(days=7)
_COUNTED = (Standing.TRUSTED, Standing.NOT_USED_YET, *LACKING)


def load_home(services: Services, store: Store, row: HomeRow) -> HomeContent:
    """Load the Home of one person."""
    if row.denial:
        return HomeContent(denial=Denial(row.denial))
    me, now = row.slack_user, services.clock.now()
    directory = load_directory(services, store)
    link = store.links.find_of(me)
    linked = link if link is not None and link.state == LinkState.LINKED else None
    open_sets = store.change_sets.list_open(_OPEN_SETS)
    decide = [each for each in open_sets if _waits_for_decision(services, store, each, me, directory)]
    asked = [each for each in open_sets if each.requester == me]
    sent = store.homes.list_links(me, now - _HOUR, MOST_LINKS)
    mine = store.packages.records(maintainer=linked.npm_user) if linked else []
    freeze = store.freezes.current()
    is_open = any(each.state == HandoffState.OPEN for each in sent)
    ready = None if is_open else _find_ready(services, store, linked, now)
    return HomeContent(
        link=link_view(services, link) if link else None,
        has_watch=_has_watch(store, me, mine),
        frozen=Frozen(freeze.actor, freeze.reason, freeze.at) if freeze else None,
        decide=tuple(shown_view(services, store, each) for each in decide[:MOST_WAITING]),
        decide_in_all=len(decide),
        confirm=tuple(_sent_link(store, each) for each in sent if each.state == HandoffState.OPEN),
        ready=ready,
        log_in=0 if is_open or ready else _count_for_login(services, store, linked),
        asked=tuple(shown_view(services, store, each) for each in asked[:MOST_ASKED] or _list_ended(store, me, asked)),
        asked_in_all=len(asked),
        own=_own_coverage(store, linked.npm_user, mine, now) if linked else None,
        alarms=_list_alarms(services, store, me, directory),
        links=tuple(_sent_link(store, each) for each in sent),
        admin=_admin_part(services, store, me, now) if me in services.admins else None,
    )


def _waits_for_decision(
    services: Services, store: Store, change_set: ChangeSetRow, me: str, directory: Directory
) -> bool:
    """Tell whether somebody may decide on a step, and has not."""
    if change_set.requester == me:
        return False
    steps = store.change_sets.page_steps(change_set.id, states=[State.IN_REVIEW], limit=_STEPS)
    rules = load_all_step_facts(services, store, change_set, steps).values() if steps else ()
    return any(
        me in reviewers_of(facts, directory).people and all(approval.person != me for approval in facts.approvals)
        for facts in rules
    )


def _list_ended(store: Store, me: str, asked: list[ChangeSetRow]) -> list[ChangeSetRow]:
    """Show what somebody asked for last, where nothing of it is open."""
    return [] if asked else store.change_sets.list_of(me, limit=_ENDED)


def _sent_link(store: Store, handoff: HandoffRow) -> SentLink:
    step = store.change_sets.load_step(handoff.step_id) if handoff.step_id is not None else None
    return SentLink(
        value=handoff.token,
        at=handoff.created_at,
        login=handoff.login,
        what=purpose_of(store, handoff),
        change_set=store.change_sets.load(step.change_set_id).number if step else None,
        host=handoff.host,
        state=HandoffState(handoff.state),
        expires_at=handoff.expires_at,
    )


def _find_ready(services: Services, store: Store, link: LinkRow | None, now: datetime) -> ReadyWait | None:
    """Find what somebody has to press so that they are sent a link: as the newest message in their DM has it."""
    if link is None or not link.away:
        return None
    calls = store.line.count_calls(link.slack_user) + store.line.count_reads(link.slack_user)
    login = live_session(services, link) is None
    value = find_button(store, link, now)
    return ReadyWait(value, calls, login) if value and (calls or value.startswith("asked:")) else None


def _count_for_login(services: Services, store: Store, link: LinkRow | None) -> int:
    if link is None or live_session(services, link) is not None:
        return 0
    return store.line.count_calls(link.slack_user) + store.line.count_reads(link.slack_user)


def _has_watch(store: Store, me: str, mine: list[PackageRecord]) -> bool:
    live = store.watches.list_live()
    if any(watch.set_by == me for watch in live):
        return True
    selections = [selection_of(watch.selection) for watch in live]
    return any(selection.matches(record.name) for selection in selections for record in mine)


def _own_coverage(store: Store, npm_user: str, mine: list[PackageRecord], now: datetime) -> OwnCoverage:
    measured = measure(mine, now)
    trusted: Counter[str] = Counter()
    counted: Counter[str] = Counter()
    for record in mine:
        standing = standing_of(record, now)
        scope = scope_of(record.name)
        counted[scope] += standing in _COUNTED
        trusted[scope] += standing is Standing.TRUSTED
    scopes = [ScopeCoverage(scope, trusted[scope], number) for scope, number in counted.most_common() if number]
    lacking = measured.lacking[:MOST_LACKING]
    ids = {row.name: row.id for row in store.packages.find_all(record.name for record in lacking)}
    return OwnCoverage(
        npm_user=npm_user,
        coverage=measured,
        now=now,
        scopes=tuple(scopes[:MOST_SCOPES]),
        scopes_in_all=len(scopes),
        lacking=tuple((record, button_value(0, ids[record.name])) for record in lacking if record.name in ids),
    )


def _list_alarms(services: Services, store: Store, me: str, directory: Directory) -> tuple[AlarmView | DriftView, ...]:
    """List the newest alarms of both kinds that concern somebody: told to them, of their packages; to admins, all."""
    is_admin, npm_user = me in directory.admins, directory.npm_users.get(me, "")
    mine = [
        row
        for row in store.alarms.list_newest(_ALARMS)
        if is_admin or me in data_of(row).people or (npm_user and npm_user in data_of(row).owners)
    ]
    drifted = [row for row in store.drifts.list_newest(_ALARMS) if is_told(store, row, me, is_admin=is_admin)]
    views: list[AlarmView | DriftView] = [alarm_view(services, store, row, directory) for row in mine[:MOST_ALARMS]]
    views += [drift_view(services, store, row, me) for row in drifted[:MOST_ALARMS]]
    return tuple(sorted(views, key=_moment_of, reverse=True)[:MOST_ALARMS])


def _moment_of(view: AlarmView | DriftView) -> datetime:
    return view.found_at if isinstance(view, DriftView) else view.raised_at


def _admin_part(services: Services, store: Store, me: str, now: datetime) -> AdminPart:
    pending = [link for link in store.links.list_pending() if link.slack_user != me]
    failed = store.homes.list_failed_deliveries(now, _FAILED_WITHIN, MOST_FAILED)
    return AdminPart(
        pending=tuple(link_view(services, link) for link in pending[:MOST_PENDING]),
        pending_in_all=len(pending),
        failed=tuple(FailedDelivery(row.person, row.kind, row.received_at) for row in failed),
        unshown=tuple(
            UnshownMessage(row.key.partition(":")[0].replace("_", " "), row.channel, row.problem)
            for row in store.homes.list_unshown(MOST_FAILED)
        ),
    )
