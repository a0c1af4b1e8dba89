"""Outcomes for the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from meltica_dsl.model.fields import FieldType
from meltica_dsl.model.scenario import Match
from meltica_runtime.testing.assertions import Near, Verdict
from meltica_runtime.testing.clock import START_US
from meltica_runtime.testing.observations import Sighting, Value
from meltica_runtime.testing.outcome import CouldNotRun, Counts, Problem, Unmet, WentDown

_WIDTH = 9
"""Columns of the words before what is told."""


def headline(problem: Problem) -> str:
    """What is wrong, on one line."""
    match problem:
        case Unmet(verdict, _, text):
            return f"{' '.join(text.split())}: {_came(verdict)} came"
        case WentDown(strategy, _, fault, _):
            return f"`{strategy}` failed: {fault}"
        case CouldNotRun(message, _):
            return message


def problem_lines(problem: Problem) -> Iterator[str]:
    """One problem of a test, the place first."""
    yield f"{problem.place}"
    match problem:
        case Unmet(verdict, place, text):
            margin = " " * (place.column - 1)
            yield from (f"  {line.removeprefix(margin)}" for line in text.splitlines())
            yield from (f"  {line}" for line in _verdict_lines(verdict))
        case WentDown(strategy, time_us, fault, _):
            yield f"  `{strategy}` failed at {offset_text(time_us - START_US)}, which no step expects"
            yield f"  {fault}"
        case CouldNotRun(message, _):
            yield f"  {message}"


def _came(verdict: Verdict) -> str:
    if verdict.count:
        return f"{verdict.count:,}"
    is_narrow = bool(verdict.expectation.matches) or verdict.expectation.text is not None
    return "nothing like it" if is_narrow and verdict.others else "nothing"


def _verdict_lines(verdict: Verdict) -> Iterator[str]:
    expected = verdict.expectation.count
    yield _told("expected", expected.text)
    yield _told("came", _came(verdict))
    for sighting in verdict.fitting:
        yield f"  {sighting_text(sighting)}"
    if verdict.count > len(verdict.fitting):
        yield f"  … and {verdict.count - len(verdict.fitting):,} more"
    # What is not like it explains what is missing, and not what is too many.
    if verdict.count < expected.least:
        for near in verdict.near:
            yield from _near_lines(near)
        if verdict.near and verdict.others > len(verdict.near):
            yield f"… and {verdict.others - len(verdict.near):,} others"


def _near_lines(near: Near) -> Iterator[str]:
    """Something that came instead, field by field: `-` as it was expected, `+` as it came."""
    sighting = near.sighting
    yield _told("instead", f"{sighting.name} at {offset_text(sighting.time_us - START_US)}")
    width = max(len(name) for name in sighting.fields)
    for name, value in sighting.fields.items():
        missed = [match for match in near.misses if match.field.name == name]
        for match in missed:
            yield f"  - {name:<{width}} {match.operator} {_wanted(match)}"
        if missed or (value is not None and name != "time"):
            yield f"  {'+' if missed else ' '} {name:<{width}} = {value_text(value, name)}"


def sighting_text(sighting: Sighting) -> str:
    """On one line."""
    fields = ", ".join(
        f"{name} = {value_text(value, name)}"
        for name, value in sighting.fields.items()
        if value is not None and name != "time"
    )
    return f"{sighting.name} at {offset_text(sighting.time_us - START_US)} {{ {fields} }}"


def _wanted(match: Match) -> str:
    if match.field.type is FieldType.TEXT:
        return f'"{match.value}"'
    return value_text(match.value, match.field.name)


def value_text(value: Value, name: str) -> str:
    """As the language writes it; `name` is that of the field."""
    match value:
        case None:
            return "none"
        case bool():
            return "true" if value else "false"
        case Decimal() if name == "time" or name.endswith("_time"):
            return offset_text(float(value))
        case Decimal():
            text = f"{value:f}"
            return text.rstrip("0").rstrip(".") if "." in text else text
        case _:
            return value


def offset_text(us: float) -> str:
    """A time from the start of the test."""
    if us and us % 1e6 == 0:
        return f"{us / 1e6:g}s"
    return f"{round(us / 1e3, 3):g}ms"


def _told(word: str, text: str) -> str:
    return f"{word:<{_WIDTH}} {text}"


def summary(total: Counts, seconds: float) -> str:
    """How many of each, and how long it took."""
    parts = [f"{total.failed} failed"] if total.failed else []
    parts += [f"{total.passed} passed"]
    parts += [f"{total.skipped} skipped"] if total.skipped else []
    if total.broken:
        parts.append(f"{total.broken} file{'s' if total.broken > 1 else ''} not compiled")
    return f"{', '.join(parts)} in {seconds:.2f}s"
