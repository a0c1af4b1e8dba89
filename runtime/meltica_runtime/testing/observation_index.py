"""From what was seen to what an expectation is about: the observations of one node and one verb."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from meltica_compiler.graph.graph import Graph, RouteNode
from meltica_dsl.model.scenario import Expectation, Subject, Verb
from meltica_runtime.dataplane.ingress_ring import Records
from meltica_runtime.testing.actions import actions, cold_events_received
from meltica_runtime.testing.fault_injection import TimeRanges
from meltica_runtime.testing.observations import (
    Observation,
    ObservationList,
    Observations,
    RecordObservations,
)
from meltica_runtime.testing.run_record import EventRecords, RunRecord
from meltica_runtime.testing.timeline import Timeline


class ObservationIndex:
    """What is known of one run of a test. `down` says when each provider was disconnected."""

    def __init__(
        self,
        graph: Graph,
        run_record: RunRecord,
        timelines: Mapping[str, Timeline],
        down: Mapping[str, TimeRanges],
    ) -> None:
        self._graph = graph
        self._run_record = run_record
        self._timelines = timelines
        self._down = down

    def of(self, expectation: Expectation) -> tuple[Observations, ...]:
        """What the node did of what the verb says, whether expected or not; by event type."""
        node, verb = expectation.node, expectation.verb
        if verb is Verb.FAILS:
            failure = self._run_record.failures.get(node)
            return (
                ObservationList(
                    [Observation("failure", failure.time_us, {"text": str(failure.fault)})] if failure else ()
                ),
            )
        if not verb.is_of_events:
            return (ObservationList(actions(verb, self._run_record.transcripts[node])),)
        wanted = expectation.event
        if wanted is not None and not wanted.hot:
            return (ObservationList(cold_events_received(wanted, self._run_record.transcripts[node])),)
        seen = self._events(expectation.subject, node, verb)
        return tuple(self._recorded(s) for s in seen if wanted is None or s.event == wanted.name)

    def _recorded(self, seen: EventRecords) -> RecordObservations:
        numbers = seen.rows["seq"].astype(np.int64)
        # What never came into the gateway has no number, and was there when it happened.
        times = seen.rows["time"].copy()
        numbered = numbers > 0
        times[numbered] = self._run_record.times[numbers[numbered] - 1]
        names = tuple(provider.name for provider in self._graph.providers)
        return RecordObservations(seen.event, seen.rows, times, self._graph.symbols, names)

    def _events(self, subject: Subject, node: str, verb: Verb) -> Iterable[EventRecords]:
        match subject, verb:
            case Subject.PROVIDER, _:
                return self._provider(node, is_lost=verb is Verb.DROPS)
            case Subject.ROUTE, Verb.RECEIVES:
                return self._received(self._route(node))
            case Subject.ROUTE, Verb.EMITS:
                return joined(self._run_record.routed.get(node, ()))
            case Subject.ROUTE, _:
                return self._filtered(self._route(node))
            case _, Verb.RECEIVES:
                edges = [edge.id for edge in self._graph.index.edges_to(node)]
                return joined(seen for edge in edges for seen in self._run_record.read.get(edge, ()))
            case _:
                return self._overrun(node)

    def _route(self, name: str) -> RouteNode:
        return self._graph.index.routes[name]

    def _provider(self, name: str, *, is_lost: bool) -> Iterable[EventRecords]:
        for event, rows in self._timelines[name].batch.rows.items():
            yield EventRecords(event, rows[self._down[name].holding(rows["time"]) == is_lost])

    def _received(self, route: RouteNode) -> Iterable[EventRecords]:
        came = [s for name in route.sources for s in self._provider(name, is_lost=False)]
        came += [s for name in route.routes for s in self._run_record.routed.get(name, ())]
        return joined(seen for seen in came if seen.event == route.event)

    def _filtered(self, route: RouteNode) -> Iterable[EventRecords]:
        """What came to a route and did not leave it."""
        left = [seen.rows for seen in self._run_record.routed.get(route.name, ())]
        kept = np.concatenate([_origins(rows) for rows in left]) if left else np.empty(0, np.int64)
        for seen in self._received(route):
            yield EventRecords(seen.event, seen.rows[~np.isin(_origins(seen.rows), kept)])

    def _overrun(self, node: str) -> Iterable[EventRecords]:
        """What a node's pools had no room for."""
        for edge in self._graph.index.edges_to(node):
            read = [_numbers(seen.rows) for seen in self._run_record.read.get(edge.id, ())]
            taken = np.concatenate(read) if read else np.empty(0, np.int64)
            for seen in joined(self._run_record.routed.get(edge.route, ())):
                yield EventRecords(seen.event, seen.rows[~np.isin(_numbers(seen.rows), taken)])


def joined(pieces: Iterable[EventRecords]) -> list[EventRecords]:
    """Pieces of one event type as one, in the order in which they were there."""
    by_event: dict[str, list[Records]] = {}
    for piece in pieces:
        by_event.setdefault(piece.event, []).append(piece.rows)
    return [EventRecords(event, _in_order(rows)) for event, rows in by_event.items()]


def _in_order(rows: list[Records]) -> Records:
    names = rows[0].dtype.names or ()
    deepest = max(rows, key=lambda one: one.dtype.itemsize).dtype
    whole = np.zeros(sum(map(len, rows)), deepest)
    start = 0
    for piece in rows:
        for name in names:
            target = whole[name][start : start + len(piece)]
            if target.ndim > 1:
                target = target[:, : piece[name].shape[1]]
            target[...] = piece[name]
        start += len(piece)
    return whole[np.lexsort((whole["time"], whole["seq"]))]


def _origins(rows: Records) -> NDArray[np.int64]:
    """Which event of the timelines each record is: its provider and its place there."""
    origins: NDArray[np.int64] = (rows["provider"].astype(np.int64) << 48) | rows["venue_seq"].astype(
        np.int64
    )
    return origins


def _numbers(rows: Records) -> NDArray[np.int64]:
    """A number for each record of a route: a stage may let go of several records at the same event."""
    streams = (rows["symbol"].astype(np.int64) << 16) | rows["provider"]
    numbers: NDArray[np.int64] = (rows["seq"].astype(np.int64) << 32) | streams
    return numbers
