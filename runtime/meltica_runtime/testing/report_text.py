"""Outcomes for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from meltica_dsl.fields import FieldType
from meltica_dsl.scenario import Match
from meltica_runtime.testing.clock import START_US
from meltica_runtime.testing.judging import Near, Verdict
from meltica_runtime.testing.outcome import CouldNotRun, Outcome, Problem, Unmet, WentDown
from meltica_runtime.testing.sightings import Sighting, Value

_WIDTH = 9


def problem_lines(problem: Problem) -> Iterator[str]:
    """One problem of a test, with the place first."""
    match problem:
        case Unmet(verdict, place, text):
            yield f"{place}"
            yield from (f"  {line}" for line in text.splitlines())
            yield from (f"  {line}" for line in _verdict_lines(verdict))
        case WentDown(strategy, time_us, fault, place):
            yield f"{place}"
            yield f"  `{strategy}` failed at {offset_text(time_us - START_US)}"
            yield f"  {fault}"
        case CouldNotRun(message, place):
            yield f"{place}"
            yield f"  {message}"


def _verdict_lines(verdict: Verdict) -> Iterator[str]:
    expectation = verdict.expectation
    yield f"{'expected':<{_WIDTH}} {expectation.count.text}"
    came = f"{verdict.count}" if verdict.count else "nothing"
    if not verdict.count and verdict.others:
        came += " like it" if expectation.matches or expectation.text else ""
    yield f"{'came':<{_WIDTH}} {came}"
    is_too_few = verdict.count < expectation.count.least
    for sighting in verdict.fitting:
        yield f"  {sighting_text(sighting)}"
    if verdict.count > len(verdict.fitting):
        yield f"  … and {verdict.count - len(verdict.fitting):,} more"
    if is_too_few and verdict.near:
        for near in verdict.near:
            yield from _near_lines(near)
        if verdict.others > len(verdict.near):
            yield f"… and {verdict.others - len(verdict.near):,} others"


def _near_lines(near: Near) -> Iterator[str]:
    """Something that came instead, field by field."""
    sighting = near.sighting
    yield f"{'instead':<{_WIDTH}} {sighting.name} at {offset_text(sighting.time_us - START_US)}"
    width = max((len(name) for name in sighting.fields), default=0)
    missed: dict[str, list[Match]] = {match.field.name: [] for match in near.misses}
    for match in near.misses:
        missed[match.field.name].append(match)
    for name, value in sighting.fields.items():
        for match in missed.get(name, ()):
            yield f"  - {name:<{width}} {match.operator} {wanted_text(match)}"
        mark = "+" if name in missed else " "
        if value is not None or name in missed:
            yield f"  {mark} {name:<{width}} = {value_text(value, is_time=_is_time(name))}"


def sighting_text(sighting: Sighting) -> str:
    """On one line."""
    fields = ", ".join(
        f"{name} = {value_text(value, is_time=_is_time(name))}"
        for name, value in sighting.fields.items()
        if value is not None and name != "time"
    )
    return f"{sighting.name} at {offset_text(sighting.time_us - START_US)} {{ {fields} }}"


def wanted_text(match: Match) -> str:
    return value_text(match.value, is_time=match.field.type is FieldType.TIME)


def value_text(value: Value, *, is_time: bool = False) -> str:
    """As the language writes it."""
    match value:
        case None:
            return "none"
        case bool():
            return "true" if value else "false"
        case Decimal() if is_time:
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


def _is_time(name: str) -> bool:
    return name == "time" or name.endswith("_time")


def summary(outcomes: Sequence[Outcome], seconds: float) -> str:
    """How many of each, and how long it took."""
    failed = sum(not outcome.has_passed for outcome in outcomes)
    passed = len(outcomes) - failed
    parts = ([f"{failed} failed"] if failed else []) + [f"{passed} passed"]
    return f"{', '.join(parts)} in {seconds:.2f}s"
