"""Runs the tests of files, and reports each as it ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import click
import uvloop

from meltica_dsl.model.scenario import Scenario, SkippedScenario
from meltica_runtime.cli.compiling import Use, compile_pipeline, report
from meltica_runtime.cli.options import CommonOptions
from meltica_runtime.cli.output import Exit, Output
from meltica_runtime.clock import monotonic_s
from meltica_runtime.config.project import find_project
from meltica_runtime.testing.outcome import FileOutcome, Outcome, Skipped, counts
from meltica_runtime.testing.report_json import render as render_json
from meltica_runtime.testing.report_junit import junit
from meltica_runtime.testing.report_text import problem_lines, summary
from meltica_runtime.testing.scenario_suite import ScenarioSuite


@dataclass(frozen=True, slots=True)
class TestFilter:
    """Which tests run: those with a word in their titles, whatever its case; each for at most `limit_s`."""

    word: str
    limit_s: float

    def takes(self, scenario: Scenario | SkippedScenario) -> bool:
        return self.word.casefold() in scenario.title.casefold()


@dataclass(frozen=True, slots=True)
class TestRun:
    files: tuple[FileOutcome, ...]
    seconds: float
    found_nothing: bool
    """A word was asked for, and no title has it."""


class TestReporter(Protocol):
    """Hears of each file and test as it starts and ends."""

    def file_started(self, file: Path) -> None: ...

    def test_ended(self, outcome: Outcome | Skipped) -> None: ...

    def file_ended(self, file: FileOutcome) -> None: ...

    def run_ended(self, run: TestRun, word: str) -> None: ...


def run_files(
    common: CommonOptions, files: tuple[Path, ...], chosen: TestFilter, reporter: TestReporter
) -> TestRun:
    """Runs the tests of every file that compiles, one after the other."""
    began = monotonic_s()
    whole = []
    for file in files:
        reporter.file_started(file)
        outcome = _run_file(common, file, chosen, reporter)
        reporter.file_ended(outcome)
        whole.append(outcome)
    nothing = bool(chosen.word) and all(f.compiles and not f.outcomes for f in whole)
    run = TestRun(tuple(whole), monotonic_s() - began, nothing)
    reporter.run_ended(run, chosen.word)
    return run


def _run_file(common: CommonOptions, file: Path, chosen: TestFilter, reporter: TestReporter) -> FileOutcome:
    compiled = compile_pipeline(common, file, Use.LOOK)
    report(common, compiled)
    if compiled.graph is None:
        return FileOutcome(str(file), compiles=False, outcomes=())
    root = find_project(file, common.config).root
    suite = ScenarioSuite(compiled.graph, compiled.sources, root, chosen.limit_s)
    outcomes: list[Outcome | Skipped] = []
    for scenario in filter(chosen.takes, compiled.scenarios):
        if isinstance(scenario, SkippedScenario):
            outcome: Outcome | Skipped = suite.skipped(scenario)
        else:
            outcome = uvloop.run(suite.run(scenario))
        reporter.test_ended(outcome)
        outcomes.append(outcome)
    return FileOutcome(str(file), compiles=True, outcomes=tuple(outcomes))


def write_junit(common: CommonOptions, path: Path, run: TestRun) -> None:
    try:
        path.write_bytes(junit(run.files, run.seconds))
    except OSError as error:
        common.output.fail(f"cannot write {path}: {error.strerror}", code=Exit.ENVIRONMENT)


class TextReporter:
    """For people: a dot or an F for each test, or a line with `--verbose`; then what failed, in full."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._file = Path()
        self._is_started = False

    def file_started(self, file: Path) -> None:
        self._file, self._is_started = file, False

    def test_ended(self, outcome: Outcome | Skipped) -> None:
        if self._output.quiet:
            return
        if not self._is_started:
            # Not before what the compiler has to say of the file.
            self._write(f"{self._file}{':' if self._output.verbose else ' '}")
            self._is_started = True
        if self._output.verbose:
            self._write("\n" + "\n".join(self._named(outcome)))
        elif isinstance(outcome, Skipped):
            self._write(self._styled("s", "yellow"))
        else:
            self._write(self._styled(*(".", "green") if outcome.has_passed else ("F", "red")))

    def file_ended(self, file: FileOutcome) -> None:
        if self._is_started:
            self._write("\n")
        elif file.compiles:
            self._output.note(f"{file.file}: no tests")

    def run_ended(self, run: TestRun, word: str) -> None:
        failed = [o for file in run.files for o in file.ran if not o.has_passed]
        for outcome in failed:
            self._output.result("\n".join(self._failed(outcome)))
        if failed:
            self._output.result("")
        if not (self._output.quiet or self._output.verbose):
            self._print_skipped(run)
        if run.found_nothing:
            self._output.problem(f"no test has {word!r} in its title")
        self._output.result(summary(counts(run.files), run.seconds))

    def _named(self, outcome: Outcome | Skipped) -> Iterator[str]:
        title = outcome.scenario.title
        if isinstance(outcome, Skipped):
            yield f"  {self._styled('skipped', 'yellow')} {title}"
            yield f"    {outcome.reason}"
            return
        word = self._styled("passed", "green") if outcome.has_passed else self._styled("FAILED", "red")
        yield f"  {word} {title} ({outcome.seconds * 1000:.0f}ms)"

    def _print_skipped(self, run: TestRun) -> None:
        """Each reason once: one switch may skip many tests."""
        skipped = [o for file in run.files for o in file.outcomes if isinstance(o, Skipped)]
        for reason, count in Counter(outcome.reason for outcome in skipped).items():
            self._output.result(f"{self._styled('skipped', 'yellow')} {count}: {reason}")

    def _failed(self, outcome: Outcome) -> Iterator[str]:
        place = f"{outcome.place.file}:{outcome.place.line}"
        yield f"\n{self._styled('FAILED', 'red')} {outcome.scenario.title} ({place})"
        for problem in outcome.problems:
            yield from (self._colored(line) for line in problem_lines(problem))

    def _colored(self, line: str) -> str:
        mark = line.strip()[:2]
        return self._styled(line, {"- ": "red", "+ ": "green"}[mark]) if mark in ("- ", "+ ") else line

    def _styled(self, text: str, color: str) -> str:
        return click.style(text, fg=color) if self._output.color else text

    def _write(self, text: str) -> None:
        self._output.write(text)


class JsonReporter:
    """For programs: one JSON object at the end."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def file_started(self, file: Path) -> None:
        del file

    def test_ended(self, outcome: Outcome | Skipped) -> None:
        del outcome

    def file_ended(self, file: FileOutcome) -> None:
        del file

    def run_ended(self, run: TestRun, word: str) -> None:
        del word
        self._output.result(render_json(run.files, run.seconds))
