"""The file formats: which columns each has, and how its rows become records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from meltica_dsl.model.fields import SIDES
from meltica_runtime.dataplane.market_batch import Rows
from meltica_runtime.venues.replay.files import Columns, Piece
from meltica_runtime.venues.replay.symbols import SymbolNames

Write = Callable[[Piece, SymbolNames, Rows], None]
"""Fills records, zeroed, with the rows of a piece, all but `provider` and `venue_seq`."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format in which each row is one event."""

    event: str
    columns: Columns
    write: Write


_NUMBER, _TEXT, _WHOLE = pa.float64(), pa.string(), pa.int64()
_SIDE_CODES = {name: code for code, name in enumerate(SIDES)}
_HASH_BYTES = 6
"""48 bits of a hash are exact in f64, and meet by chance once in 20 million ids."""


def _binance_trades(piece: Piece, symbols: SymbolNames, rows: Rows) -> None:
    rows["time"] = rows["ingest"] = piece.times_us("timestamp")
    rows["symbol"] = symbols.unnamed(len(piece))
    rows["price"] = piece.numbers("price")
    rows["quantity"] = piece.numbers("quantity")
    rows["trade_id"] = piece.numbers("trade_id")
    # The maker bought: so the taker sold.
    taker = {"True": _SIDE_CODES["sell"], "False": _SIDE_CODES["buy"]}
    rows["side"] = [taker.get(text.capitalize(), 0) for text in piece.texts("buyer_maker")]


def _binance_quotes(piece: Piece, symbols: SymbolNames, rows: Rows) -> None:
    rows["time"] = rows["ingest"] = piece.times_us("timestamp")
    rows["symbol"] = symbols.of(piece.texts("symbol"))
    for field, column in (
        ("bid", "bid"),
        ("ask", "ask"),
        ("bid_quantity", "bid_size"),
        ("ask_quantity", "ask_size"),
    ):
        rows[field] = piece.numbers(column)


def _tardis_head(piece: Piece, symbols: SymbolNames, rows: Rows) -> None:
    rows["time"] = piece.times_us("timestamp")
    rows["ingest"] = piece.times_us("local_timestamp")
    rows["symbol"] = symbols.of(piece.texts("symbol"))


def _tardis_trades(piece: Piece, symbols: SymbolNames, rows: Rows) -> None:
    _tardis_head(piece, symbols, rows)
    rows["price"] = piece.numbers("price")
    rows["quantity"] = piece.numbers("amount")
    rows["trade_id"] = [identifier(text) for text in piece.texts("id")]
    rows["side"] = [_SIDE_CODES.get(text, 0) for text in piece.texts("side")]


def _tardis_quotes(piece: Piece, symbols: SymbolNames, rows: Rows) -> None:
    _tardis_head(piece, symbols, rows)
    for field, column in (
        ("bid", "bid_price"),
        ("ask", "ask_price"),
        ("bid_quantity", "bid_amount"),
        ("ask_quantity", "ask_amount"),
    ):
        # An empty side is an empty cell.
        rows[field] = np.nan_to_num(piece.numbers(column), nan=0.0)


def _tardis_snapshots(piece: Piece, symbols: SymbolNames, rows: Rows) -> None:
    _tardis_head(piece, symbols, rows)
    for side, name in (("bids", "bid"), ("asks", "ask")):
        depth = min(rows[side].shape[1], SNAPSHOT_LEVELS)
        for level in range(depth):
            rows[side][:, level, 0] = np.nan_to_num(piece.numbers(f"{side}[{level}].price"), nan=0.0)
            rows[side][:, level, 1] = np.nan_to_num(piece.numbers(f"{side}[{level}].amount"), nan=0.0)
        rows[name] = rows[side][:, 0, 0]
        rows[f"{name}_levels"] = np.count_nonzero(rows[side][:, :, 0], axis=1)


def identifier(text: str) -> float:
    """A trade's id as a number: itself if it is one that f64 holds exactly, else 48 bits of its hash."""
    if text.isascii() and text.isdigit() and len(text) <= 15:
        return float(text)
    return float(int.from_bytes(blake2b(text.encode(), digest_size=_HASH_BYTES).digest(), "big"))


SNAPSHOT_LEVELS = 25
_HEAD = {"symbol": _TEXT, "timestamp": _WHOLE, "local_timestamp": _WHOLE}
_LEVELS = {
    f"{side}[{level}].{what}": _NUMBER
    for level in range(SNAPSHOT_LEVELS)
    for side in ("asks", "bids")
    for what in ("price", "amount")
}

INCREMENTAL: Columns = {
    **_HEAD,
    "is_snapshot": pa.bool_(),
    "side": _TEXT,
    "price": _NUMBER,
    "amount": _NUMBER,
}
"""Columns of Tardis' incremental books, where a book takes many rows."""

SNAPSHOTS = Format("book", {**_HEAD, **_LEVELS}, _tardis_snapshots)

FORMATS: Mapping[str, Format] = {
    "binance_trades": Format(
        "trade",
        {
            "timestamp": _WHOLE,
            "trade_id": _WHOLE,
            "price": _NUMBER,
            "quantity": _NUMBER,
            "buyer_maker": _TEXT,
        },
        _binance_trades,
    ),
    "binance_quotes": Format(
        "ticker",
        {
            "timestamp": _WHOLE,
            "symbol": _TEXT,
            "ask_size": _NUMBER,
            "ask": _NUMBER,
            "bid_size": _NUMBER,
            "bid": _NUMBER,
        },
        _binance_quotes,
    ),
    "tardis_trades": Format(
        "trade", {**_HEAD, "id": _TEXT, "side": _TEXT, "price": _NUMBER, "amount": _NUMBER}, _tardis_trades
    ),
    "tardis_quotes": Format(
        "ticker",
        {
            **_HEAD,
            "ask_amount": _NUMBER,
            "ask_price": _NUMBER,
            "bid_price": _NUMBER,
            "bid_amount": _NUMBER,
        },
        _tardis_quotes,
    ),
}
"""The formats whose rows are events, by the name that the setting `format` has for them."""


def ascending(times: NDArray[np.float64], not_before: float) -> NDArray[np.float64]:
    """Times in the order of the file; one that goes back is raised to the one before it."""
    raised: NDArray[np.float64] = np.maximum(np.maximum.accumulate(times), not_before)
    return raised
