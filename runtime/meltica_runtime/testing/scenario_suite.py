"""Runs tests of a compiled pipeline, and says what came of each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import anyio

from meltica_compiler.graph.graph import Graph
from meltica_compiler.records.layout import MAX_BATCH
from meltica_dsl.model.disabled import Cause
from meltica_dsl.model.scenario import Expectation, Scenario, SkippedScenario, Verb
from meltica_dsl.text.source import Location, SourceFile, Span
from meltica_runtime.clock import monotonic_s
from meltica_runtime.testing.assertions import check_expectation
from meltica_runtime.testing.fault_injection import outages
from meltica_runtime.testing.observation_index import ObservationIndex
from meltica_runtime.testing.outcome import CouldNotRun, Outcome, Problem, Skipped, Unmet, WentDown
from meltica_runtime.testing.run_record import RunRecord
from meltica_runtime.testing.scenario_runner import run_scenario
from meltica_runtime.testing.timeline import Timeline, read_timelines
from meltica_runtime.venues.market_source import SourceFault


class ScenarioSuite:
    """The tests of one file. `root` is the folder that recordings lie in, `limit_s` the longest that one
    test may take of the clock's time."""

    def __init__(self, graph: Graph, sources: tuple[SourceFile, ...], root: Path, limit_s: float) -> None:
        self._graph = graph
        self._sources = {source.path: source for source in sources}
        self._root = root
        self._limit_s = limit_s

    async def run(self, scenario: Scenario, batch: int = MAX_BATCH) -> Outcome:
        """Runs one test, in isolates of its own."""
        began = monotonic_s()
        problems = tuple(await self._problems(scenario, batch))
        return Outcome(scenario, self._place(scenario.span), monotonic_s() - began, problems)

    def skipped(self, scenario: SkippedScenario) -> Skipped:
        """Why a test does not run."""
        cause, place = scenario.disabled.cause, self._place(scenario.disabled.span)
        if cause is Cause.CONDITION:
            why = f"by `if {' '.join(self._text(scenario.disabled.span).split())}` ({place})"
        else:
            why = f"({place}: {cause.value})"
        reason = f"`{scenario.node}` is switched off {why}"
        return Skipped(scenario, self._place(scenario.span), reason)

    async def _problems(self, scenario: Scenario, batch: int) -> list[Problem]:
        place = self._place(scenario.title_span)
        try:
            with anyio.fail_after(self._limit_s):
                timelines = read_timelines(self._graph, scenario, self._root)
                run_record = await run_scenario(self._graph, scenario, timelines, batch)
        except SourceFault as fault:
            return [CouldNotRun(str(fault), place)]
        except TimeoutError:
            return [CouldNotRun(f"it did not come to its end within {self._limit_s:g}s", place)]
        return [*self._failures(scenario, run_record), *self._unmet(scenario, run_record, timelines)]

    def _unmet(
        self, scenario: Scenario, run_record: RunRecord, timelines: dict[str, Timeline]
    ) -> Iterator[Problem]:
        down = {name: outages(scenario, name) for name in timelines}
        index = ObservationIndex(self._graph, run_record, timelines, down)
        for step in scenario.steps:
            if isinstance(step, Expectation):
                result = check_expectation(step, index.of(step))
                if not result.is_met:
                    yield Unmet(result, self._place(step.span), self._text(step.span))

    def _failures(self, scenario: Scenario, run_record: RunRecord) -> Iterator[Problem]:
        expected = {
            step.node for step in scenario.steps if isinstance(step, Expectation) and step.verb is Verb.FAILS
        }
        nodes = {node.name: node for node in self._graph.strategies}
        for name, failure in run_record.failures.items():
            if name not in expected:
                yield WentDown(name, failure.time_us, failure.fault, nodes[name].location)

    def _place(self, span: Span) -> Location:
        return self._sources[span.path].location(span.start)

    def _text(self, span: Span) -> str:
        return self._sources[span.path].text[span.start : span.end]
