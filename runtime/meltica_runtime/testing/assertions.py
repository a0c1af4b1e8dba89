"""Expectations beside what was seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from meltica_dsl.model.scenario import Expectation, Match
from meltica_runtime.testing.clock import at_us
from meltica_runtime.testing.observations import Mask, Observation, Observations, fits

MAX_SHOWN = 5
"""Observations that a report shows of one expectation. More are for a debugger, not for a reader."""


@dataclass(frozen=True, slots=True)
class NearMiss:
    """Something that was seen and is not what was expected; `misses` are the fields that differ."""

    observation: Observation
    misses: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class ExpectationResult:
    """`count` is how many came that were expected, `fitting` the first of them, `near` what came nearest
    of the others, `others` how many of them there were in all."""

    expectation: Expectation
    count: int
    fitting: tuple[Observation, ...]
    near: tuple[NearMiss, ...]
    others: int

    @property
    def is_met(self) -> bool:
        return self.expectation.count.allows(self.count)


def check_expectation(expectation: Expectation, seen: Sequence[Observations]) -> ExpectationResult:
    """Counts what fits among what the node did within the expectation's time."""
    matches = expectation.matches
    fitting: list[Observation] = []
    near: list[tuple[int, float, Observation]] = []
    count = others = 0
    for group in seen:
        within = _within(expectation, group)
        masks = [group.fits(match) for match in matches] + _text_mask(expectation, group)
        fit = np.logical_and.reduce([within, *masks])
        rest = within & ~fit
        count += int(np.count_nonzero(fit))
        others += int(np.count_nonzero(rest))
        fitting += [group.one(int(i)) for i in np.flatnonzero(fit)[:MAX_SHOWN]]
        near += _nearest(group, rest, masks)
    near.sort(key=lambda entry: entry[:2])
    fitting.sort(key=lambda observation: observation.time_us)
    shown = tuple(
        NearMiss(s, tuple(m for m in matches if not fits(m, s.fields.get(m.field.name))))
        for _, _, s in near[:MAX_SHOWN]
    )
    return ExpectationResult(expectation, count, tuple(fitting[:MAX_SHOWN]), shown, others)


def _within(expectation: Expectation, group: Observations) -> Mask:
    times = group.times
    if expectation.until is not None:
        return times <= at_us(expectation.until)
    if expectation.before is not None:
        return times < at_us(expectation.before)
    return np.ones(len(times), np.bool_)


def _text_mask(expectation: Expectation, group: Observations) -> list[Mask]:
    if expectation.text is None:
        return []
    texts = (str(group.one(i).fields["text"]) for i in range(len(group.times)))
    return [np.array([expectation.text in text for text in texts], np.bool_)]


def _nearest(group: Observations, rest: Mask, masks: list[Mask]) -> list[tuple[int, float, Observation]]:
    """Those with the fewest differences, the earliest first; each with their number and its time."""
    numbers = np.flatnonzero(rest)
    misses = np.zeros(len(rest), np.int64)
    for mask in masks:
        misses += ~mask
    order = np.argsort(misses[numbers], kind="stable")[:MAX_SHOWN]
    return [(int(misses[i]), float(group.times[i]), group.one(int(i))) for i in numbers[order].tolist()]
