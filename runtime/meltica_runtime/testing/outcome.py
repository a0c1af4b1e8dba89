"""What came of tests."""

from __future__ import annotations

from dataclasses import dataclass

from meltica_dsl.scenario import Scenario
from meltica_dsl.source import Location
from meltica_runtime.strategies.fault import StrategyFault
from meltica_runtime.testing.judging import Verdict


@dataclass(frozen=True, slots=True)
class Unmet:
    """An expectation was not met."""

    verdict: Verdict
    place: Location
    text: str
    """The expectation as it is written."""


@dataclass(frozen=True, slots=True)
class WentDown:
    """A strategy failed, and nobody expected it."""

    strategy: str
    time_us: float
    fault: StrategyFault
    place: Location


@dataclass(frozen=True, slots=True)
class CouldNotRun:
    """The test did not come to its end: a file cannot be read, or it took too long."""

    message: str
    place: Location


Problem = Unmet | WentDown | CouldNotRun


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test that ran. `seconds` are the clock's, not the market's."""

    scenario: Scenario
    place: Location
    seconds: float
    problems: tuple[Problem, ...]

    @property
    def has_passed(self) -> bool:
        return not self.problems
