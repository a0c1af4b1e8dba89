"""Runs the tests of files, and tells of each as it ends."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import click
import uvloop

from meltica_runtime.cli.compiling import compile_pipeline, report
from meltica_runtime.cli.options import Common, Speech
from meltica_runtime.project import find_project
from meltica_runtime.testing.outcome import Outcome
from meltica_runtime.testing.report_text import problem_lines, summary
from meltica_runtime.testing.trial import Trial


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asks for: a word of the titles, a file for JUnit XML, seconds for one test."""

    word: str | None
    junit: Path | None
    limit_s: float


def run_files(common: Common, files: tuple[Path, ...], wishes: Wishes) -> bool:
    """Whether every file compiled and every test passed."""
    began = time.monotonic()
    outcomes: list[Outcome] = []
    is_good = True
    for file in files:
        compiled = compile_pipeline(common, file)
        report(common, compiled)
        if compiled.graph is None:
            is_good = False
            continue
        root = find_project(file, common.config).root
        trial = Trial(compiled.graph, compiled.sources, root, wishes.limit_s)
        chosen = [s for s in compiled.scenarios if wishes.word is None or wishes.word in s.title]
        for scenario in chosen:
            outcome = uvloop.run(trial.run(scenario))
            outcomes.append(outcome)
            _tell(common.speech, outcome)
    _tell_all(common.speech, outcomes, time.monotonic() - began)
    return is_good and all(outcome.has_passed for outcome in outcomes)


def _tell(speech: Speech, outcome: Outcome) -> None:
    word = _painted(speech, "passed", "green") if outcome.has_passed else _painted(speech, "FAILED", "red")
    speech.result(f"{word}  {outcome.scenario.title}  ({outcome.seconds * 1000:.0f}ms)")
    for problem in outcome.problems:
        for line in problem_lines(problem):
            speech.result(f"    {line}")


def _tell_all(speech: Speech, outcomes: list[Outcome], seconds: float) -> None:
    speech.result(summary(outcomes, seconds))


def _painted(speech: Speech, text: str, color: str) -> str:
    return click.style(text, fg=color) if speech.color else text
