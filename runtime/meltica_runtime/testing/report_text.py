"""Outcomes for the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from meltica_dsl.model.fields import FieldType
from meltica_dsl.model.scenario import Match
from meltica_dsl.model.value_text import decimal_text
from meltica_runtime.testing.assertions import ExpectationResult, NearMiss
from meltica_runtime.testing.clock import START_US
from meltica_runtime.testing.observations import Observation, Value
from meltica_runtime.testing.outcome import CouldNotRun, Counts, Problem, Unmet, WentDown

_WIDTH = 9
"""Columns of the words before what is told."""


def headline(problem: Problem) -> str:
    """What is wrong, on one line."""
    match problem:
        case Unmet(result, _, text):
            return f"{' '.join(text.split())}: {_came(result)} came"
        case WentDown(strategy, _, fault, _):
            return f"`{strategy}` failed: {fault}"
        case CouldNotRun(message, _):
            return message


def problem_lines(problem: Problem) -> Iterator[str]:
    """One problem of a test, the place first."""
    yield f"{problem.place}"
    match problem:
        case Unmet(result, place, text):
            margin = " " * (place.column - 1)
            yield from (f"  {line.removeprefix(margin)}" for line in text.splitlines())
            yield from (f"  {line}" for line in _result_lines(result))
        case WentDown(strategy, time_us, fault, _):
            yield f"  `{strategy}` failed at {offset_text(time_us - START_US)}, which no step expects"
            yield f"  {fault}"
        case CouldNotRun(message, _):
            yield f"  {message}"


def _came(result: ExpectationResult) -> str:
    if result.count:
        return f"{result.count:,}"
    is_narrow = bool(result.expectation.matches) or result.expectation.text is not None
    return "nothing like it" if is_narrow and result.others else "nothing"


def _result_lines(result: ExpectationResult) -> Iterator[str]:
    expected = result.expectation.count
    yield _told("expected", expected.text)
    yield _told("came", _came(result))
    for observation in result.fitting:
        yield f"  {observation_text(observation)}"
    if result.count > len(result.fitting):
        yield f"  … and {result.count - len(result.fitting):,} more"
    # What is not like it explains what is missing, and not what is too many.
    if result.count < expected.least:
        for near in result.near:
            yield from _near_lines(near)
        if result.near and result.others > len(result.near):
            yield f"… and {result.others - len(result.near):,} others"


def _near_lines(near: NearMiss) -> Iterator[str]:
    """Something that came instead, field by field: `-` as it was expected, `+` as it came."""
    observation = near.observation
    yield _told("instead", f"{observation.name} at {offset_text(observation.time_us - START_US)}")
    width = max(len(name) for name in observation.fields)
    for name, value in observation.fields.items():
        missed = [match for match in near.misses if match.field.name == name]
        for match in missed:
            yield f"  - {name:<{width}} {match.operator} {_wanted(match)}"
        if missed or (value is not None and name != "time"):
            yield f"  {'+' if missed else ' '} {name:<{width}} = {value_text(value, name)}"


def observation_text(observation: Observation) -> str:
    """On one line."""
    fields = ", ".join(
        f"{name} = {value_text(value, name)}"
        for name, value in observation.fields.items()
        if value is not None and name != "time"
    )
    return f"{observation.name} at {offset_text(observation.time_us - START_US)} {{ {fields} }}"


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
            return decimal_text(value)
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
