"""Numbers with units: from the text of a literal to an exact value, or to what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from meltica_dsl.model.values import Duration, Rate, Ratio, Size
from meltica_dsl.text.suggest import nearest

MAX_DIGITS = 34
"""Of a number. As many as a decimal128 holds; a price or quantity needs fewer than 20."""

MAX_DURATION = Duration(10 * 366 * 86_400 * 10**9)
"""Ten years: no window, cooldown or latency is longer, and its nanoseconds fit a 64-bit integer."""

MAX_SIZE = Size(2**50)
"""A pebibyte: more than any machine has."""

DURATION_UNITS: Mapping[str, int] = {
    "d": 86_400_000_000_000,
    "h": 3_600_000_000_000,
    "m": 60_000_000_000,
    "s": 1_000_000_000,
    "ms": 1_000_000,
    "us": 1_000,
    "ns": 1,
}
"""Nanoseconds of each unit, the longest first: `1m30s` is in order, `30s1m` is not."""

SIZE_UNITS: Mapping[str, int] = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}

_NUMBER = re.compile(r"[0-9]+(?:_[0-9]+)*(?:\.[0-9]+(?:_[0-9]+)*)?")
_PIECE = re.compile(r"([0-9][0-9_]*(?:\.[0-9][0-9_]*)?)([^\W_0-9]*)")
_DECIMAL_SIZES: Mapping[str, str] = {
    **dict.fromkeys(("k", "K", "kB", "KB", "kb", "Kb"), "KiB"),
    **dict.fromkeys(("M", "MB", "mb", "Mb"), "MiB"),
    **dict.fromkeys(("G", "GB", "gb", "Gb"), "GiB"),
}
_ALIASES: Mapping[str, str] = {
    "µs": "us",
    "μs": "us",
    "sec": "s",
    "secs": "s",
    "min": "m",
    "mins": "m",
    "hr": "h",
    "hrs": "h",
    "day": "d",
    "days": "d",
    "bp": "bps",
    **_DECIMAL_SIZES,
}


class LiteralFault(Struct, frozen=True):
    """Why a literal means nothing. `replacement` is what was probably meant."""

    code: str
    message: str
    help: str
    replacement: str | None = None


LiteralValue = Decimal | Duration | Rate | Size | Ratio


def read_literal(text: str) -> LiteralValue | LiteralFault:
    """The value of a literal as the grammar's `LITERAL` matches it.

    >>> read_literal("1m30s")
    Duration(ns=90000000000)
    >>> read_literal("5bps")
    Ratio(value=Decimal('0.0005'))
    >>> read_literal("1_000/1m")
    Rate(count=Decimal('1000'), per=Duration(ns=60000000000))
    """
    if sum(char.isdigit() for char in text) > MAX_DIGITS:
        return LiteralFault(
            "E0311", f"this number has more than {MAX_DIGITS} digits", "round it: no price needs so many"
        )
    if "/" in text:
        return _rate(text)
    if text.endswith("%"):
        return _ratio(text[:-1], text, -2)
    pieces = _PIECE.findall(text)
    units = [unit for _, unit in pieces]
    if not any(units):
        return _number(text)
    if any(unit not in DURATION_UNITS for unit in units):
        return _single(text, pieces)
    return _duration(text, pieces)


def _number(text: str) -> Decimal | LiteralFault:
    if _NUMBER.fullmatch(text) is None:
        return LiteralFault("E0106", f"`{text}` is no number", "digits are grouped by single `_`: `1_000`")
    return Decimal(text.replace("_", ""))


def _ratio(number: str, text: str, exponent: int) -> Ratio | LiteralFault:
    value = _number(number)
    if isinstance(value, LiteralFault):
        return LiteralFault("E0106", f"`{text}` is no ratio", "write it as `2%` or `5bps`")
    return Ratio(value.scaleb(exponent))


def _single(text: str, pieces: list[tuple[str, str]]) -> LiteralValue | LiteralFault:
    """A number with one unit that is not of time: a size or `bps`."""
    number, unit = pieces[0]
    if not pieces[-1][1] and unit not in ("e", "E"):
        return LiteralFault("E0106", f"`{pieces[-1][0]}` in `{text}` has no unit", "write it like `1m30s`")
    if len(pieces) == 1 and unit == "bps":
        return _ratio(number, text, -4)
    if len(pieces) == 1 and unit in SIZE_UNITS:
        return _size(number, unit, text)
    wrong = next(unit for _, unit in pieces if unit not in DURATION_UNITS)
    if len(pieces) > 1 and (wrong in SIZE_UNITS or wrong == "bps"):
        return LiteralFault("E0106", f"`{text}` mixes units", "only durations have several parts: `1m30s`")
    return _unknown_unit(text, wrong)


def _unknown_unit(text: str, unit: str) -> LiteralFault:
    known = (*DURATION_UNITS, *SIZE_UNITS, "bps")
    likely = _ALIASES.get(unit) or nearest(unit, known)
    if unit[0] in "eE" and len(unit) == 1:
        return LiteralFault("E0106", f"`{text}` is in scientific notation", "write all of its digits")
    if likely is None or likely == unit:
        return LiteralFault(
            "E0106", f"`{unit}` is no unit", f"units are {', '.join(f'`{u}`' for u in known)} and `%`"
        )
    meant = text.replace(unit, likely)
    return LiteralFault("E0106", f"`{unit}` is no unit", f"did you mean `{meant}`?", meant)


def _size(number: str, unit: str, text: str) -> Size | LiteralFault:
    value = _number(number)
    if isinstance(value, LiteralFault):
        return value
    amount = value * SIZE_UNITS[unit]
    if amount != int(amount):
        return LiteralFault("E0106", f"`{text}` is no whole number of bytes", "use a smaller unit")
    if amount > MAX_SIZE.bytes:
        return LiteralFault("E0311", f"`{text}` is too large", "no size is above 1024TiB")
    return Size(int(amount))


def _duration(text: str, pieces: list[tuple[str, str]]) -> Duration | LiteralFault:
    order = list(DURATION_UNITS)
    places = [order.index(unit) for _, unit in pieces]
    if places != sorted(set(places)):
        return LiteralFault(
            "E0106", f"the parts of `{text}` are out of order", "begin with the longest unit: `1m30s`"
        )
    total = Decimal(0)
    for number, unit in pieces:
        value = _number(number)
        if isinstance(value, LiteralFault):
            return value
        total += value * DURATION_UNITS[unit]
    if total != total.to_integral_value():
        return LiteralFault("E0106", f"`{text}` is no whole number of nanoseconds", "use a smaller unit")
    if total > MAX_DURATION.ns:
        return LiteralFault("E0311", f"`{text}` is too long", "no duration is above ten years")
    return Duration(int(total))


def _rate(text: str) -> Rate | LiteralFault:
    count_text, _, per_text = text.partition("/")
    count = _number(count_text)
    per = read_literal(per_text if per_text[0].isdigit() else f"1{per_text}")
    if isinstance(per, LiteralFault):
        likely = per.replacement.removeprefix("1") if per.replacement else None
        meant = f"{count_text}/{likely}" if likely else None
        unit = per_text.lstrip("0123456789")
        return LiteralFault(
            "E0106",
            f"`{unit}` is no unit of time",
            f"did you mean `{meant}`?"
            if meant
            else "a rate is written `5/s` or `1_000/1m`, a division `a / b`",
            meant,
        )
    if isinstance(count, LiteralFault) or not isinstance(per, Duration) or per.ns == 0:
        return LiteralFault("E0106", f"`{text}` is no rate", "a rate is written `5/s` or `1_000/1m`")
    return Rate(count, per)
