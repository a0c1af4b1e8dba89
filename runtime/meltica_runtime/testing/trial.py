"""Runs tests of a compiled pipeline, and says what came of each."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import anyio

from meltica_compiler.graph.graph import Graph
from meltica_compiler.records.layout import MAX_BATCH
from meltica_dsl.model.disabled import Cause
from meltica_dsl.model.scenario import Expectation, Scenario, SkippedScenario, Verb
from meltica_dsl.text.source import Location, SourceFile, Span
from meltica_runtime.testing.assertions import judge
from meltica_runtime.testing.fault_injection import outages
from meltica_runtime.testing.observation_index import Evidence
from meltica_runtime.testing.observed import Observed
from meltica_runtime.testing.outcome import CouldNotRun, Outcome, Problem, Skipped, Unmet, WentDown
from meltica_runtime.testing.scenario_runner import rehearse
from meltica_runtime.testing.timeline import Tape, read_tapes
from meltica_runtime.venues.source_fault import SourceFault


class Trial:
    """The tests of one file. `root` is the folder that recordings lie in, `limit_s` the longest that one
    test may take of the clock's time."""

    def __init__(self, graph: Graph, sources: tuple[SourceFile, ...], root: Path, limit_s: float) -> None:
        self._graph = graph
        self._sources = {source.path: source for source in sources}
        self._root = root
        self._limit_s = limit_s

    async def run(self, scenario: Scenario, batch: int = MAX_BATCH) -> Outcome:
        """Runs one test, in isolates of its own."""
        began = time.monotonic()
        problems = tuple(await self._problems(scenario, batch))
        return Outcome(scenario, self._place(scenario.span), time.monotonic() - began, problems)

    def skipped(self, scenario: SkippedScenario) -> Skipped:
        """Why a test does not run."""
        cause, place = scenario.off.cause, self._place(scenario.off.span)
        if cause is Cause.CONDITION:
            why = f"by `if {' '.join(self._text(scenario.off.span).split())}` ({place})"
        else:
            why = f"({place}: {cause.value})"
        reason = f"`{scenario.node}` is switched off {why}"
        return Skipped(scenario, self._place(scenario.span), reason)

    async def _problems(self, scenario: Scenario, batch: int) -> list[Problem]:
        place = self._place(scenario.title_span)
        try:
            with anyio.fail_after(self._limit_s):
                tapes = read_tapes(self._graph, scenario, self._root)
                observed = await rehearse(self._graph, scenario, tapes, batch)
        except SourceFault as fault:
            return [CouldNotRun(str(fault), place)]
        except TimeoutError:
            return [CouldNotRun(f"it did not come to its end within {self._limit_s:g}s", place)]
        return [*self._failures(scenario, observed), *self._unmet(scenario, observed, tapes)]

    def _unmet(self, scenario: Scenario, observed: Observed, tapes: dict[str, Tape]) -> Iterator[Problem]:
        down = {name: outages(scenario, name) for name in tapes}
        evidence = Evidence(self._graph, observed, tapes, down)
        for step in scenario.steps:
            if isinstance(step, Expectation):
                verdict = judge(step, evidence.of(step))
                if not verdict.is_met:
                    yield Unmet(verdict, self._place(step.span), self._text(step.span))

    def _failures(self, scenario: Scenario, observed: Observed) -> Iterator[Problem]:
        expected = {
            step.node for step in scenario.steps if isinstance(step, Expectation) and step.verb is Verb.FAILS
        }
        nodes = {node.name: node for node in self._graph.strategies}
        for name, failure in observed.failures.items():
            if name not in expected:
                yield WentDown(name, failure.time_us, failure.fault, nodes[name].location)

    def _place(self, span: Span) -> Location:
        return self._sources[span.path].location(span.start)

    def _text(self, span: Span) -> str:
        return self._sources[span.path].text[span.start : span.end]
