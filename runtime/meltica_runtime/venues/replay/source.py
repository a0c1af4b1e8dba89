"""Files as market sources."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from meltica_compiler.records.layout import record_layout
from meltica_runtime.dataplane.market_batch import MarketBatch, MarketCodes, Rows, joined_rows
from meltica_runtime.venues.market_source import BlockSource
from meltica_runtime.venues.replay.assembly import BookAssembly, Change
from meltica_runtime.venues.replay.files import column_names, read_pieces
from meltica_runtime.venues.replay.formats import (
    FORMATS,
    INCREMENTAL,
    SNAPSHOTS,
    Format,
    ascending,
)
from meltica_runtime.venues.replay.symbols import SymbolNames

_BOOKS = "tardis_book"


def replay_source(path: Path, file_format: str, codes: MarketCodes, depth: int) -> BlockSource:
    """The events of a file, in its order; `venue_seq` is the row's number in it, from 0.

    `file_format` is one of `FORMATS`, or `tardis_book` for both forms of Tardis books; `depth` the levels a
    side of book records. A time that goes back is raised to the one before it. Raises `SourceFault`, then or
    while it is read, naming the file and what was expected.
    """
    symbols = SymbolNames(path, codes)
    if file_format != _BOOKS:
        return BlockSource(_plain_blocks(path, FORMATS[file_format], symbols, codes.provider, depth))
    if "is_snapshot" in column_names(path):
        return BlockSource(_assembled_blocks(path, symbols, codes.provider, depth))
    return BlockSource(_plain_blocks(path, SNAPSHOTS, symbols, codes.provider, depth))


def _plain_blocks(
    path: Path, form: Format, symbols: SymbolNames, provider: int, depth: int
) -> Iterator[MarketBatch]:
    dtype = record_layout(form.event, depth if form.event == "book" else 0).dtype
    last_us = -math.inf
    for piece in read_pieces(path, form.columns):
        rows: Rows = np.zeros(len(piece), dtype)
        if not len(rows):
            continue
        form.write(piece, symbols, rows)
        rows["venue_seq"] = piece.first_row + np.arange(len(rows))
        yield _block(form.event, rows, provider, last_us)
        last_us = float(rows["time"][-1])


def _block(event: str, rows: Rows, provider: int, not_before: float) -> MarketBatch:
    rows["time"] = ascending(rows["time"], not_before)
    rows["provider"] = provider
    return MarketBatch({event: rows}, {event: np.arange(len(rows))}, len(rows), float(rows["time"][-1]))


def _assembled_blocks(path: Path, symbols: SymbolNames, provider: int, depth: int) -> Iterator[MarketBatch]:
    """Books put together from level changes: one record after each message of the venue.

    The rows of one message have the same symbol and times. The first snapshot row after other rows starts
    the book anew.
    """
    assembly = BookAssembly(depth)
    last_us = -math.inf
    for piece in read_pieces(path, INCREMENTAL):
        changes = map(
            Change,
            symbols.of(piece.texts("symbol")).tolist(),
            piece.times_us("timestamp").tolist(),
            piece.times_us("local_timestamp").tolist(),
            (text == "true" for text in piece.texts("is_snapshot")),
            (text == "bid" for text in piece.texts("side")),
            piece.numbers("price").tolist(),
            piece.numbers("amount").tolist(),
        )
        records = [record for change in changes if (record := assembly.add(change)) is not None]
        if records:
            yield _block("book", joined_rows(records), provider, last_us)
            last_us = float(records[-1]["time"][0])
    last = assembly.finish()
    if last is not None:
        yield _block("book", last, provider, last_us)
