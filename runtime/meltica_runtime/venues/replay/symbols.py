"""Which symbol a row of a file is of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from meltica_runtime.dataplane.market_batch import MarketCodes
from meltica_runtime.venues.market_source import SourceFault


class SymbolNames:
    """A provider of one symbol takes all rows for it, however the file spells it. Of several, each is known
    by its letters and digits alone: `BTCUSDT` and `BTC/USDT` are BTC-USDT."""

    def __init__(self, path: Path, codes: MarketCodes) -> None:
        self._path = path
        self._only = next(iter(codes.symbols.values())) if len(codes.symbols) == 1 else None
        self._codes = {_plain(name): code for name, code in codes.symbols.items()}
        self._names = tuple(codes.symbols)

    def of(self, spellings: list[str]) -> NDArray[np.uint16]:
        """The code of each row. Raises `SourceFault` for a symbol that the provider does not have."""
        if self._only is not None:
            return np.full(len(spellings), self._only, np.uint16)
        known = {spelling: self._codes.get(_plain(spelling)) for spelling in dict.fromkeys(spellings)}
        for spelling, code in known.items():
            if code is None:
                raise SourceFault(
                    f"{self._path}: has symbol {spelling}, and the provider only {', '.join(self._names)}"
                )
        return np.array([known[spelling] for spelling in spellings], np.uint16)

    def unnamed(self, count: int) -> NDArray[np.uint16]:
        """The codes of rows of a file that names no symbol."""
        if self._only is None:
            raise SourceFault(
                f"{self._path}: names no symbol, so the provider must have one only, "
                f"not {', '.join(self._names)}"
            )
        return np.full(count, self._only, np.uint16)


def _plain(name: str) -> str:
    return "".join(letter for letter in name.upper() if letter.isalnum())
