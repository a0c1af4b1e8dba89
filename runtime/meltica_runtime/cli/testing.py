"""Runs the tests of files, and tells of each as it ends."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import click
import uvloop

from meltica_dsl.model.scenario import Scenario, SkippedScenario
from meltica_runtime.cli.compiling import Use, compile_pipeline, report
from meltica_runtime.cli.options import Common, Exit, Speech
from meltica_runtime.config.project import find_project
from meltica_runtime.testing.outcome import FileOutcome, Outcome, Skipped, counts
from meltica_runtime.testing.report_json import render as render_json
from meltica_runtime.testing.report_junit import junit
from meltica_runtime.testing.report_text import problem_lines, summary
from meltica_runtime.testing.scenario_suite import ScenarioSuite


@dataclass(frozen=True, slots=True)
class Choice:
    """Which tests run: those with a word in their titles, whatever its case; each for at most `limit_s`."""

    word: str
    limit_s: float

    def takes(self, scenario: Scenario | SkippedScenario) -> bool:
        return self.word.casefold() in scenario.title.casefold()


@dataclass(frozen=True, slots=True)
class Done:
    files: tuple[FileOutcome, ...]
    seconds: float
    found_nothing: bool
    """A word was asked for, and no title has it."""


class Listener(Protocol):
    """Is told of what happens, as it does."""

    def begins(self, file: Path) -> None: ...

    def ended(self, outcome: Outcome | Skipped) -> None: ...

    def whole(self, file: FileOutcome) -> None: ...

    def done(self, done: Done, word: str) -> None: ...


def run_files(common: Common, files: tuple[Path, ...], choice: Choice, listener: Listener) -> Done:
    """Runs the tests of every file that compiles, one after the other."""
    began = time.monotonic()
    whole = []
    for file in files:
        listener.begins(file)
        outcome = _run_file(common, file, choice, listener)
        listener.whole(outcome)
        whole.append(outcome)
    nothing = bool(choice.word) and all(f.compiles and not f.outcomes for f in whole)
    done = Done(tuple(whole), time.monotonic() - began, nothing)
    listener.done(done, choice.word)
    return done


def _run_file(common: Common, file: Path, choice: Choice, listener: Listener) -> FileOutcome:
    compiled = compile_pipeline(common, file, Use.LOOK)
    report(common, compiled)
    if compiled.graph is None:
        return FileOutcome(str(file), compiles=False, outcomes=())
    root = find_project(file, common.config).root
    suite = ScenarioSuite(compiled.graph, compiled.sources, root, choice.limit_s)
    outcomes: list[Outcome | Skipped] = []
    for scenario in filter(choice.takes, compiled.scenarios):
        if isinstance(scenario, SkippedScenario):
            outcome: Outcome | Skipped = suite.skipped(scenario)
        else:
            outcome = uvloop.run(suite.run(scenario))
        listener.ended(outcome)
        outcomes.append(outcome)
    return FileOutcome(str(file), compiles=True, outcomes=tuple(outcomes))


def write_junit(common: Common, path: Path, done: Done) -> None:
    try:
        path.write_bytes(junit(done.files, done.seconds))
    except OSError as error:
        common.speech.fail(f"cannot write {path}: {error.strerror}", code=Exit.ENVIRONMENT)


class Console:
    """For people: a dot or an F for each test, or a line with `--verbose`; then what failed, in full."""

    def __init__(self, speech: Speech) -> None:
        self._speech = speech
        self._file = Path()
        self._is_begun = False

    def begins(self, file: Path) -> None:
        self._file, self._is_begun = file, False

    def ended(self, outcome: Outcome | Skipped) -> None:
        if self._speech.quiet:
            return
        if not self._is_begun:
            # Not before what the compiler has to say of the file.
            self._write(f"{self._file}{':' if self._speech.verbose else ' '}")
            self._is_begun = True
        if self._speech.verbose:
            self._write("\n" + "\n".join(self._named(outcome)))
        elif isinstance(outcome, Skipped):
            self._write(self._painted("s", "yellow"))
        else:
            self._write(self._painted(*(".", "green") if outcome.has_passed else ("F", "red")))

    def whole(self, file: FileOutcome) -> None:
        if self._is_begun:
            self._write("\n")
        elif file.compiles:
            self._speech.note(f"{file.file}: no tests")

    def done(self, done: Done, word: str) -> None:
        failed = [o for file in done.files for o in file.ran if not o.has_passed]
        for outcome in failed:
            self._speech.result("\n".join(self._failed(outcome)))
        if failed:
            self._speech.result("")
        if not (self._speech.quiet or self._speech.verbose):
            self._tell_skipped(done)
        if done.found_nothing:
            self._speech.trouble(f"no test has {word!r} in its title")
        self._speech.result(summary(counts(done.files), done.seconds))

    def _named(self, outcome: Outcome | Skipped) -> Iterator[str]:
        title = outcome.scenario.title
        if isinstance(outcome, Skipped):
            yield f"  {self._painted('skipped', 'yellow')} {title}"
            yield f"    {outcome.reason}"
            return
        word = self._painted("passed", "green") if outcome.has_passed else self._painted("FAILED", "red")
        yield f"  {word} {title} ({outcome.seconds * 1000:.0f}ms)"

    def _tell_skipped(self, done: Done) -> None:
        """Each reason once: one switch may skip many tests."""
        skipped = [o for file in done.files for o in file.outcomes if isinstance(o, Skipped)]
        for reason, count in Counter(outcome.reason for outcome in skipped).items():
            self._speech.result(f"{self._painted('skipped', 'yellow')} {count}: {reason}")

    def _failed(self, outcome: Outcome) -> Iterator[str]:
        place = f"{outcome.place.file}:{outcome.place.line}"
        yield f"\n{self._painted('FAILED', 'red')} {outcome.scenario.title} ({place})"
        for problem in outcome.problems:
            yield from (self._colored(line) for line in problem_lines(problem))

    def _colored(self, line: str) -> str:
        mark = line.strip()[:2]
        return self._painted(line, {"- ": "red", "+ ": "green"}[mark]) if mark in ("- ", "+ ") else line

    def _painted(self, text: str, color: str) -> str:
        return click.style(text, fg=color) if self._speech.color else text

    def _write(self, text: str) -> None:
        self._speech.exactly(text)


class Quiet:
    """For programs: one JSON object at the end."""

    def __init__(self, speech: Speech) -> None:
        self._speech = speech

    def begins(self, file: Path) -> None:
        del file

    def ended(self, outcome: Outcome | Skipped) -> None:
        del outcome

    def whole(self, file: FileOutcome) -> None:
        del file

    def done(self, done: Done, word: str) -> None:
        del word
        self._speech.result(render_json(done.files, done.seconds))
