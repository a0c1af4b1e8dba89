"""Judges whether the decimal strings of a frame survive as f64: up to 15 significant digits do."""

from __future__ import annotations

import re

from meltica_runtime.venues.increments import SIGNIFICANT_DIGITS

SHORT_TRADE = re.compile(rb'"p":"[^"]{1,16}+","q":"[^"]{1,16}+"')
"""Price and quantity of a trade that decoded, so short that they cannot have more than 15 digits: of their 16
characters one is the point, or the number is too large for a price. Binance sends the two side by side.
The repetitions are possessive because that halves the time."""

BEFORE_NUMBERS = 48
"""Bytes of a trade's frame in which its price cannot stand yet: event type, two times and the symbol do."""

SHORT_TICKER = re.compile(rb'"b":"[^"]{1,16}+","B":"[^"]{1,16}+","a":"[^"]{1,16}+","A":"[^"]{1,16}+"')

_LONG = re.compile(rb'"[0-9.]{17}')
_STRINGS = re.compile(rb'"([^"\\]*)"(?=\s*[,\]}])')
_DECIMAL = re.compile(rb"([0-9]+(?:\.[0-9]+)?)(?:[eE][+-]?[0-9]+)?")


def has_long_numbers(frame: bytes) -> bool:
    """Some quoted number may have more than 15 digits."""
    return _LONG.search(frame) is not None


def all_exact(frame: bytes) -> bool:
    """True if every quoted decimal of the frame has at most 15 significant digits.

    The thorough judgement, for the few frames that are not short: zeros at either end do not count.
    """
    for text in _STRINGS.findall(frame):
        number = _DECIMAL.fullmatch(text)
        if number and len(number[1].replace(b".", b"").strip(b"0")) > SIGNIFICANT_DIGITS:
            return False
    return True
