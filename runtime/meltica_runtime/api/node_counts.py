"""The counts of each kind of node, by the names that the API gives them."""

from __future__ import annotations

from meltica_runtime.dataplane.route_flow import RouteStatistics
from meltica_runtime.sinks.sink import SinkStatistics
from meltica_runtime.strategies.instance import InstanceStatistics
from meltica_runtime.venues.live_provider import ProviderStatistics

Counts = dict[str, int | float]
"""Counts since the start, and amounts of now; seconds where a name says so."""


def provider_counts(now: ProviderStatistics) -> Counts:
    by_event = {f"{event}Events": count for event, count in now.by_event.items()}
    return {
        "eventsOut": now.events,
        **by_event,
        "orders": now.orders,
        "fills": now.fills,
        "lagSeconds": now.lag_s,
    }


def route_counts(now: RouteStatistics) -> Counts:
    return {
        "eventsIn": now.events_in,
        "eventsOut": now.events_out,
        "batches": now.batches,
        "lastBatch": now.last_batch,
        "lagEvents": now.lag_events,
    }


def strategy_counts(now: InstanceStatistics) -> Counts:
    return {
        "eventsIn": now.events,
        "batches": now.drains,
        "lastBatch": now.last_batch,
        "effects": now.effects,
        "logs": now.logs,
        "restarts": now.restarts,
        "coldWaiting": now.cold_waiting,
        "coldDropped": now.cold_dropped,
        "v8Seconds": now.v8_seconds,
    }


def sink_counts(now: SinkStatistics) -> Counts:
    return {
        "eventsIn": now.events,
        "written": now.written,
        "dropped": now.dropped,
        "bytes": now.bytes,
        "files": now.files,
    }
