"""Shapes of frames: what all frames that differ in nothing but the digits of their numbers have in common.

A venue writes every frame of a kind in the same way, so that a frame that was decoded once shows where each
number stands in the next thousand. Those are then read with numpy, many at a time: a byte that differs from
the first frame's is a digit in the place of a digit, or the frame is of another shape.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meltica_runtime.venues.increments import SIGNIFICANT_DIGITS

Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_NUMBER = re.compile(rb'"(\w+)":("?)(\d+(?:\.\d+)?)\2(?=[,}])')
"""A key and its number, with or without quotes. A symbol with digits in its name is none."""

_ZERO = ord("0")


@dataclass(frozen=True, slots=True)
class Number:
    """Where a number stands, and what each of its places is worth. The sum of the digits at their worth is
    whole and below 2**53, so that it is exact, and dividing it rounds once, as reading the text would."""

    places: slice
    worth: NDArray[np.float64]
    divisor: float

    def read(self, digits: Bytes) -> NDArray[np.float64]:
        value: NDArray[np.float64] = digits[:, self.places].astype(np.float64) @ self.worth
        return value / self.divisor


@dataclass(frozen=True, slots=True)
class Shape:
    """`numbers` by their key. `leading` are the places of first digits that must not be 0, as JSON has it."""

    template: Bytes
    limits: Bytes
    leading: tuple[int, ...]
    numbers: Mapping[str, Number]

    def digits(self, rows: Bytes) -> tuple[Bytes, Mask]:
        """The digits of frames as long as the shape, zeros in between; and which frames are of this shape."""
        digits: Bytes = rows ^ self.template
        strange = digits > self.limits
        # To look at all of it is much faster than to look at each row, and mostly nothing is strange.
        fits = np.logical_not(strange.any(axis=1)) if strange.any() else np.ones(len(rows), np.bool_)
        for place in self.leading:
            fits &= digits[:, place] != 0
        return digits, fits


def shape_of(frame: bytes, numbers: Sequence[str], literal: Sequence[str]) -> Shape | None:
    """The shape of a frame that was decoded. `numbers` are the keys whose numbers are read, `literal` those
    of what else the decoder reads, which is the same in all frames of a shape.

    None where a key may not be what it seems, or a number has more digits than are sure to survive as f64.
    """
    if b"\\" in frame or any(frame.count(b'"%b"' % key.encode()) != 1 for key in (*numbers, *literal)):
        return None
    template = np.frombuffer(frame, np.uint8).copy()
    limits = np.zeros(len(frame), np.uint8)
    leading: list[int] = []
    read: dict[str, Number] = {}
    for match in _NUMBER.finditer(frame):
        key, start, text = match[1].decode("ascii", "replace"), match.start(3), match[3]
        if key in literal:
            continue
        is_digit = np.frombuffer(text, np.uint8) != ord(".")
        places = slice(start, start + len(text))
        template[places][is_digit] = _ZERO
        limits[places][is_digit] = 9
        if text[1:2].isdigit():
            leading.append(start)
        if key in numbers:
            if np.count_nonzero(is_digit) > SIGNIFICANT_DIGITS:
                return None
            read[key] = _number(places, text)
    return Shape(template, limits, tuple(leading), read) if len(read) == len(numbers) else None


def _number(places: slice, text: bytes) -> Number:
    whole, _, part = text.partition(b".")
    count = len(whole) + len(part)
    worth = [10.0 ** (count - 1 - place) for place in range(count)]
    if part:
        worth.insert(len(whole), 0.0)
    return Number(places, np.array(worth), 10.0 ** len(part))
