"""Outcomes for programs."""

from __future__ import annotations

import json

from meltica_dsl.text.source import Location
from meltica_runtime.testing.outcome import FileOutcome, Outcome, Problem, Skipped, Unmet, counts
from meltica_runtime.testing.report_text import headline, problem_lines

_KINDS = {"Unmet": "unmet", "WentDown": "strategy_failed", "CouldNotRun": "could_not_run"}


def render(files: tuple[FileOutcome, ...], seconds: float) -> str:
    """One JSON object: every file with its tests, every test with its problems."""
    total = counts(files)
    document = {
        "passed": total.passed,
        "failed": total.failed,
        "skipped": total.skipped,
        "broken": total.broken,
        "seconds": round(seconds, 3),
        "files": [
            {"file": file.file, "compiles": file.compiles, "tests": [_test(o) for o in file.outcomes]}
            for file in files
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _test(outcome: Outcome | Skipped) -> dict[str, object]:
    told = {"title": outcome.scenario.title, **_place(outcome.place)}
    if isinstance(outcome, Skipped):
        return {**told, "outcome": "skipped", "reason": outcome.reason}
    return {
        **told,
        "outcome": "passed" if outcome.has_passed else "failed",
        "seconds": round(outcome.seconds, 3),
        "problems": [_problem(problem) for problem in outcome.problems],
    }


def _problem(problem: Problem) -> dict[str, object]:
    told: dict[str, object] = {"kind": _KINDS[type(problem).__name__], **_place(problem.place)}
    told["message"] = headline(problem)
    told["text"] = "\n".join(problem_lines(problem))
    if isinstance(problem, Unmet):
        told |= {"expected": problem.result.expectation.count.text, "came": problem.result.count}
    return told


def _place(place: Location) -> dict[str, object]:
    return {"file": place.file, "line": place.line, "column": place.column}
