"""Who is an active member, and who is in which user group: what decisions rest on, and how old it may be.

- A press rests on what Slack says now: the person is read anew, and user groups within the last ten seconds.
- A call rests on what Slack said within the last thirty seconds. While Slack does not answer, what it said within five
  minutes stands for it; a no of Slack's always counts.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import chain

from bot.domain.approval import StepFacts
from bot.domain.policy import PackagePolicy
from bot.errors import SlackError
from bot.notifications import SlackRefused
from bot.services import Services
from storage.policy_models import SlackGroupRow, SlackPersonRow
from storage.store import Store

AT_A_PRESS = timedelta(seconds=10)
"""How old what Slack says of a user group may be when somebody decides."""
AT_A_CALL = timedelta(seconds=30)
"""After so long Slack is asked again before a call."""
DURING_AN_OUTAGE = timedelta(minutes=5)
"""How long what Slack said stands for a call while it does not answer."""
UNKNOWN = "Slack could not be asked whether those who approved may still do so"
_GONE_GROUP = frozenset({"no_such_subteam", "subteam_not_found"})


@dataclass(frozen=True, slots=True)
class Unsure:
    """Whom Slack has to be asked after before a call may be made."""

    people: frozenset[str]
    groups: frozenset[str]


@dataclass(frozen=True, slots=True)
class Known:
    """What Slack told of those on whom the call of a step rests; whom it was never asked of is left out."""

    people: dict[str, SlackPersonRow]
    groups: dict[str, SlackGroupRow]


def load_known(store: Store, facts: StepFacts) -> Known:
    """Read what Slack told of the people behind an approval."""
    return Known(store.people.load_all(_people_behind(facts)), _load_groups(store, facts.policy.groups))


def find_unsure(services: Services, known: Known, facts: StepFacts) -> Unsure | None:
    """Tell whom Slack has to be asked after before the call of a step; None when it told a moment ago."""
    since = services.clock.now() - AT_A_CALL
    asked = {user for user, row in known.people.items() if row.tried_at >= since and not row.is_wanted}
    unsure = Unsure(_people_behind(facts) - asked, _older(known.groups, facts.policy.groups, since))
    return unsure if unsure.people or unsure.groups else None


def ask_after(services: Services, store: Store, unsure: Unsure) -> None:
    """Have the worker ask Slack at once; it rings the lane when it has."""
    now = services.clock.now()
    for user in sorted(unsure.people):
        store.people.want(user, now)
    for group in sorted(unsure.groups):
        store.people.want_group(group, now)
    services.bell.ring("people")


def are_known(services: Services, known: Known, facts: StepFacts) -> bool:
    """Tell whether what Slack said of the people behind an approval is young enough for a call."""
    since = services.clock.now() - DURING_AN_OUTAGE
    people = (known.people.get(user) for user in _people_behind(facts))
    groups = (known.groups.get(group) for group in facts.policy.groups)
    return all(row is not None and _is_young(row.read_at, since) for row in chain(people, groups))


async def refresh_groups(services: Services, groups: Iterable[str]) -> None:
    """Ask Slack who is in user groups now; in one that is not there any more nobody is."""
    for group in groups:
        members, problem = await _read_group(services, group)
        await services.database.run(partial(_note_group, services, group, members, problem))


def _note_group(services: Services, group: str, members: frozenset[str] | None, problem: str, store: Store) -> None:
    store.people.note_group(group, members, problem=problem, now=services.clock.now())


async def refresh_for_press(services: Services, policies: Iterable[PackagePolicy]) -> None:
    """Ask after the user groups that a decision will rest on, unless Slack told of them a moment ago."""
    wanted = frozenset[str]().union(*(policy.named_groups for policy in policies))
    if wanted:
        since = services.clock.now() - AT_A_PRESS
        await refresh_groups(services, await services.database.run(lambda store: _list_older(store, wanted, since)))


async def _read_group(services: Services, group: str) -> tuple[frozenset[str] | None, str]:
    try:
        return await services.notifier.list_group(group), ""
    except SlackRefused as refusal:
        return (frozenset() if refusal.code in _GONE_GROUP else None), str(refusal)
    except SlackError as err:
        return None, str(err)


def _people_behind(facts: StepFacts) -> frozenset[str]:
    """Those who approved, and whose account is used."""
    agreed = {one.person for one in facts.approvals if one.fingerprint == facts.fingerprint}
    return frozenset(agreed | {facts.executor}) - {""}


def _load_groups(store: Store, groups: Collection[str]) -> dict[str, SlackGroupRow]:
    return {row.group_id: row for row in store.people.list_groups()} if groups else {}


def _list_older(store: Store, groups: Collection[str], since: datetime) -> frozenset[str]:
    return _older(_load_groups(store, groups), groups, since)


def _older(rows: Mapping[str, SlackGroupRow], groups: Iterable[str], since: datetime) -> frozenset[str]:
    return frozenset(
        group for group in groups if group not in rows or rows[group].tried_at < since or rows[group].is_wanted
    )


def _is_young(read_at: datetime | None, since: datetime) -> bool:
    return read_at is not None and read_at >= since
