"""Figures for Prometheus: what the tables hold, and what this process has counted. No label names anybody."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TypeVar

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from bot import __version__
from bot.counts import NPM_CALLS, SLACK_CALLS
from bot.services import Services
from bot.workflow.lane_state import lane_state
from storage.figures import Held, Pile
from storage.store import Store

Labels = TypeVar("Labels", bound=tuple[str, ...])

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metric(Enum):
    """Every figure: its name, its labels, and what it tells. The README shows this table."""

    INFO = ("npmtrust_info", ("version",), "always 1: the version that runs")
    UP = ("npmtrust_database_up", (), "1 when the database answered; at 0 what it holds is missing here")
    STEPS = ("npmtrust_steps", ("state",), "steps by state")
    CALLS = ("npmtrust_npm_calls_total", ("call", "answer"), "trust calls of this process, by the kind of answer")
    LANE_PACE = (
        "npmtrust_lane_pace_seconds",
        ("lane",),
        "from the end of a call to the start of the next, as it is in force: npm may have slowed it",
    )
    LANE_DUE = ("npmtrust_lane_due", (), "steps whose call could be made now, were it not for the pace")
    LANE_LAG = ("npmtrust_lane_lag_seconds", (), "for how long the oldest of them could have been")
    LANE_WAIT = ("npmtrust_lane_wait_seconds", ("lane",), "until the next call of a lane may start; 0: now")
    LEASE = ("npmtrust_lease_held", ("lane",), "1 when this process holds the lease of a lane")
    LEASE_LEFT = ("npmtrust_lease_left_seconds", ("lane",), "until a lease runs out, whoever holds it; below 0: it has")
    HANDOFFS = ("npmtrust_handoffs", ("state",), "links that people were given, by state")
    HANDOFF_AGE = ("npmtrust_handoff_oldest_seconds", (), "age of the oldest link that is open")
    STALE = ("npmtrust_surfaces_stale", (), "messages that are behind what is committed")
    STALE_AGE = ("npmtrust_surfaces_stale_oldest_seconds", (), "for how long the oldest of them could have been sent")
    INBOX = ("npmtrust_inbox", (), "deliveries that are acknowledged and not done")
    INBOX_AGE = ("npmtrust_inbox_oldest_seconds", (), "age of the oldest of them")
    SLACK = (
        "npmtrust_slack_calls_total",
        ("outcome",),
        "calls of Slack by this process: ok, or how they failed (a 429 is SlackThrottled)",
    )
    TICK = ("npmtrust_tick_age_seconds", (), "since the metronome has last beaten")

    def __init__(self, title: str, labels: tuple[str, ...], meaning: str) -> None:
        self.title = title
        self.labels = labels
        """What tells its samples apart."""
        self.meaning = meaning


@dataclass(frozen=True, slots=True)
class Seen:
    """What the tables hold at one moment."""

    now: datetime
    steps: dict[str, int]
    handoffs: dict[str, Pile]
    surfaces: Pile
    inbox: Pile
    leases: list[Held]
    calls: Pile
    paces: dict[str, float]
    """Seconds, by lane; of the accounts' lanes the slowest."""


def look(services: Services, store: Store) -> Seen:
    """Read what the tables hold."""
    figures = store.figures
    return Seen(
        now=services.clock.now(),
        steps=figures.steps(),
        handoffs=figures.handoffs(),
        surfaces=figures.surfaces(),
        inbox=figures.inbox(),
        leases=figures.leases(),
        calls=figures.calls(services.clock.now()),
        paces=_paces(services, store),
    )


def _paces(services: Services, store: Store) -> dict[str, float]:
    paces: dict[str, float] = {}
    for lane in lane_state(services, store):
        name = _lane_name(lane.name)
        paces[name] = max(paces.get(name, 0.0), lane.pace_seconds)
    return paces


def _lane_name(name: str) -> str:
    """Behind the colon stands an npm user."""
    return name.partition(":")[0]


def render(services: Services, seen: Seen | None, tick_age: float | None) -> bytes:
    """Write everything as Prometheus reads it; without `seen` what the database holds is left out."""
    registry = CollectorRegistry()
    registry.register(_Once(services, seen, tick_age))
    return generate_latest(registry)


class _Once(Collector):
    def __init__(self, services: Services, seen: Seen | None, tick_age: float | None) -> None:
        self._services, self._seen, self._tick_age = services, seen, tick_age

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        yield _gauge(Metric.INFO, {(__version__,): 1})
        yield _gauge(Metric.UP, {(): self._seen is not None})
        yield _counter(Metric.CALLS, dict(NPM_CALLS))
        yield _counter(Metric.SLACK, {(outcome,): count for outcome, count in SLACK_CALLS.items()})
        if self._tick_age is not None:
            yield _gauge(Metric.TICK, {(): self._tick_age})
        if self._seen is not None:
            yield from self._tables(self._seen)

    def _tables(self, seen: Seen) -> Iterator[GaugeMetricFamily]:
        now, open_links = seen.now, seen.handoffs.get("open", Pile(0, None))
        yield _gauge(Metric.STEPS, {(state,): count for state, count in seen.steps.items()})
        yield _gauge(Metric.HANDOFFS, {(state,): pile.count for state, pile in seen.handoffs.items()})
        yield _gauge(Metric.HANDOFF_AGE, {(): _age(open_links, now)})
        yield _gauge(Metric.STALE, {(): seen.surfaces.count})
        yield _gauge(Metric.STALE_AGE, {(): _age(seen.surfaces, now)})
        yield _gauge(Metric.INBOX, {(): seen.inbox.count})
        yield _gauge(Metric.INBOX_AGE, {(): _age(seen.inbox, now)})
        yield _gauge(Metric.LANE_PACE, {(lane,): pace for lane, pace in seen.paces.items()})
        yield _gauge(Metric.LANE_DUE, {(): seen.calls.count})
        yield _gauge(Metric.LANE_LAG, {(): _age(seen.calls, now)})
        held: dict[tuple[str, ...], float] = {}
        left: dict[tuple[str, ...], float] = {}
        wait: dict[tuple[str, ...], float] = {}
        for lease in seen.leases:
            lane = (_lane_name(lease.name),)
            is_ours = lease.holder == self._services.process and lease.expires_at >= now
            held[lane] = max(held.get(lane, 0), is_ours)
            left[lane] = max(left.get(lane, float("-inf")), (lease.expires_at - now).total_seconds())
            wait[lane] = max(wait.get(lane, 0), (lease.next_call_at - now).total_seconds())
        yield _gauge(Metric.LEASE, held)
        yield _gauge(Metric.LEASE_LEFT, left)
        yield _gauge(Metric.LANE_WAIT, wait)


def _age(pile: Pile, now: datetime) -> float:
    return max(0.0, (now - pile.oldest).total_seconds()) if pile.oldest else 0.0


def _gauge(metric: Metric, samples: Mapping[Labels, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(metric.title, metric.meaning, labels=metric.labels)
    for labels, value in samples.items():
        family.add_metric(labels, value)
    return family


def _counter(metric: Metric, samples: Mapping[Labels, float]) -> CounterMetricFamily:
    family = CounterMetricFamily(metric.title, metric.meaning, labels=metric.labels)
    for labels, value in samples.items():
        family.add_metric(labels, value)
    return family
