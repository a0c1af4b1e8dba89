"""What came of tests."""

from __future__ import annotations

from dataclasses import dataclass

from meltica_dsl.model.scenario import Scenario, SkippedScenario
from meltica_dsl.text.source import Location
from meltica_runtime.strategies.fault import StrategyFault
from meltica_runtime.testing.assertions import ExpectationResult


@dataclass(frozen=True, slots=True)
class Unmet:
    """An expectation was not met."""

    result: ExpectationResult
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


@dataclass(frozen=True, slots=True)
class Skipped:
    """One test that did not run, since a node that it speaks of is switched off."""

    scenario: SkippedScenario
    place: Location
    reason: str
    """On one line, with the place of what switches the node off."""


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """The tests of one file, as far as they were chosen. One that does not compile has none."""

    file: str
    compiles: bool
    outcomes: tuple[Outcome | Skipped, ...]

    @property
    def ran(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if isinstance(outcome, Outcome))

    @property
    def is_good(self) -> bool:
        return self.compiles and all(outcome.has_passed for outcome in self.ran)


@dataclass(frozen=True, slots=True)
class Counts:
    passed: int
    failed: int
    skipped: int
    broken: int
    """Files that do not compile."""


def counts(files: tuple[FileOutcome, ...]) -> Counts:
    ran = [outcome for file in files for outcome in file.ran]
    passed = sum(outcome.has_passed for outcome in ran)
    skipped = sum(len(file.outcomes) for file in files) - len(ran)
    return Counts(passed, len(ran) - passed, skipped, sum(not file.compiles for file in files))
