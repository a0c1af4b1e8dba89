"""What became of a frame."""

from __future__ import annotations

from enum import Enum

import msgspec


class FrameResult(Enum):
    WRITTEN = "written"
    HELD = "held"
    """A change of a book that is not whole yet, or a candle that is still open: there is no record of it."""
    FULL = "full"
    """Its ring has no room: the frame has changed nothing, and is to be offered again."""
    NOT_ROUTED = "not routed"
    GARBLED = "garbled"
    TOO_LONG = "too long"
    """A decimal of more than 15 significant digits, which f64 does not hold."""
    UNKNOWN_SYMBOL = "unknown symbol"
    UNKNOWN_KIND = "unknown kind"


UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError)
"""What decoding raises for whatever a frame may hold."""

_KINDS = frozenset({"trade", "aggTrade", "depthUpdate", "kline"})


class _Kind(msgspec.Struct):
    e: str | None = None


class _Envelope(msgspec.Struct):
    e: str | None = None
    data: _Kind | None = None


def refusal(frame: bytes) -> FrameResult:
    """Why a frame that did not decode is refused."""
    try:
        envelope = msgspec.json.decode(frame, type=_Envelope)
    except UNREADABLE:
        return FrameResult.GARBLED
    kind = envelope.data.e if envelope.data else envelope.e
    return FrameResult.GARBLED if kind is None or kind in _KINDS else FrameResult.UNKNOWN_KIND
