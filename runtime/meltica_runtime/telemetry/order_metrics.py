"""What is measured of orders: what became of them, the journal, and the requests to venues."""

from __future__ import annotations

from collections.abc import Iterator

from meltica_compiler.graph.graph import Graph
from meltica_runtime.execution.router import RouterStatistics
from meltica_runtime.telemetry.metric import Attributes, MetricPoint, counter, gauge
from meltica_runtime.topology.snapshot import GatewaySnapshot

ORDERS = counter("meltica.orders", "{order}", "Orders that strategies asked for, by `outcome`")
OPEN = gauge("meltica.orders.open", "{order}", "Orders open at venues")
FILLS = counter("meltica.orders.fills", "{fill}", "Fills of orders")
FAULTS = counter(
    "meltica.orders.faults",
    "{fault}",
    "Reports that do not fit what is known of their order, by `reason`",
)
UNRECORDED = counter(
    "meltica.orders.unrecorded", "{order}", "Refused orders of a strategy that floods, which were not stored"
)
JOURNAL_GROUPS = counter("meltica.journal.groups", "{group}", "Groups that the journal has committed")
JOURNAL_ENTRIES = counter(
    "meltica.journal.entries", "{entry}", "Entries of committed groups; by the groups, the size of a group"
)
JOURNAL_WAITING = gauge("meltica.journal.waiting", "{step}", "Steps that wait for the journal")
JOURNAL_FAILURES = counter(
    "meltica.journal.failures", "{failure}", "Commits that failed and were tried again"
)
JOURNAL_REFUSED = counter("meltica.journal.refused", "{step}", "Steps that the journal will never take")
VENUE_REQUESTS = counter("meltica.venue.requests", "{request}", "Requests to a venue, by `outcome`")
VENUE_WAITING = gauge(
    "meltica.venue.requests.waiting", "{request}", "Requests that wait to be sent to a venue"
)
VENUE_IN_DOUBT = gauge(
    "meltica.venue.orders.in_doubt", "{order}", "Orders whose state the venue has yet to tell"
)


def order_points(graph: Graph, now: GatewaySnapshot) -> Iterator[MetricPoint]:
    at = {"pipeline": graph.pipeline}
    yield from _order_points(at, now.orders)
    for strategy in graph.strategies:
        if strategy.trade_on is not None:
            count = now.orders.unrecorded.get(strategy.name, 0)
            yield MetricPoint(UNRECORDED, count, {**at, "node": strategy.name})
    yield from _journal_points(at, now.orders)
    for queue in now.orders.venues:
        venue = {**at, "node": queue.venue}
        yield MetricPoint(VENUE_REQUESTS, queue.sent, {**venue, "outcome": "sent"})
        yield MetricPoint(VENUE_REQUESTS, queue.refused, {**venue, "outcome": "refused"})
        yield MetricPoint(VENUE_REQUESTS, queue.unknown_outcomes, {**venue, "outcome": "unknown"})
        yield MetricPoint(VENUE_WAITING, queue.waiting, venue)
        yield MetricPoint(VENUE_IN_DOUBT, queue.reconciler.unknown, venue)


def _order_points(at: Attributes, orders: RouterStatistics) -> Iterator[MetricPoint]:
    engine = orders.engine
    outcomes = {
        "placed": engine.placed,
        "dry run": engine.dry_runs,
        "refused": engine.denied,
        "acknowledged": engine.acknowledged,
        "filled": engine.filled,
        "cancelled": engine.cancelled,
        "rejected": engine.rejected,
        "expired": engine.expired,
    }
    for outcome, count in outcomes.items():
        yield MetricPoint(ORDERS, count, {**at, "outcome": outcome})
    yield MetricPoint(OPEN, engine.open_orders, at)
    yield MetricPoint(FILLS, engine.fills, at)
    reasons = {
        "duplicate": engine.duplicates,
        "illegal": engine.illegal,
        "unknown order": engine.unknown,
        "journal full": orders.missed_reports,
    }
    for reason, count in reasons.items():
        yield MetricPoint(FAULTS, count, {**at, "reason": reason})


def _journal_points(at: Attributes, orders: RouterStatistics) -> Iterator[MetricPoint]:
    commit = orders.commit
    yield MetricPoint(JOURNAL_GROUPS, commit.groups, at)
    yield MetricPoint(JOURNAL_ENTRIES, commit.entries, at)
    yield MetricPoint(JOURNAL_WAITING, commit.waiting, at)
    yield MetricPoint(JOURNAL_FAILURES, commit.failures, at)
    yield MetricPoint(JOURNAL_REFUSED, commit.refused, at)
