"""A made-up market, and a paper venue."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from meltica_compiler.adapters.manifest import MARKET_EVENTS, AdapterSpec, SettingConflict
from meltica_compiler.adapters.paper import PAPER_SETTINGS
from meltica_compiler.adapters.setting_schema import NOT_NEGATIVE, POSITIVE, Limits, SettingSpec, SettingType
from meltica_compiler.graph.graph import SettingValue
from meltica_dsl.model.value_text import decimal_text

_FEWEST_TICKS, _MOST_TICKS = 10, 10**13
"""Of a start price: with fewer there is no room for a spread, with more an f64 has too few digits."""


def _price_conflicts(values: Mapping[str, SettingValue]) -> tuple[SettingConflict, ...]:
    """Start prices that are too few ticks, or too many."""
    price, tick = values["start_price"], values["tick_size"]
    assert isinstance(tick, Decimal), "the schema makes it a number"
    found: list[SettingConflict] = []
    for one in price.values() if isinstance(price, dict) else (price,):
        assert isinstance(one, Decimal), "the schema makes it a number"
        ticks = one / tick
        if not _FEWEST_TICKS <= ticks <= _MOST_TICKS:
            much = "little" if ticks < _FEWEST_TICKS else "much"
            shown = f"{decimal_text(one)} is too {much} for a `tick_size` of {decimal_text(tick)}"
            found.append(
                SettingConflict("start_price", f"a start price of {shown}", "set `tick_size` to go with it")
            )
    return tuple(found)


FAKE = AdapterSpec(
    "fake",
    "Paper venue",
    "paper",
    "A made-up market from a seed, and a matching engine that fills orders against it.",
    MARKET_EVENTS,
    True,
    (
        SettingSpec(
            "seed", (SettingType.INTEGER,), "the same seed makes the same events", 1, limits=NOT_NEGATIVE
        ),
        SettingSpec(
            "rate",
            (SettingType.RATE,),
            "trades, tickers and books over all symbols together; klines come on top",
            1_000.0,
            # Events a tenth of a microsecond apart: an f64 of microseconds hardly tells nearer ones apart.
            limits=Limits(above=Decimal(0), most=Decimal(10_000_000)),
        ),
        SettingSpec(
            "volatility",
            (SettingType.RATIO,),
            "standard deviation of a year's return",
            Decimal("0.6"),
            limits=Limits(least=Decimal(0), most=Decimal(100)),
        ),
        SettingSpec(
            "spread",
            (SettingType.RATIO,),
            "mean difference of best ask and best bid, as a part of the price",
            Decimal("0.0002"),
            limits=Limits(least=Decimal(0), most=Decimal("0.5")),
        ),
        SettingSpec(
            "start_price",
            (SettingType.NUMBER, SettingType.NUMBERS),
            "first price: one for all symbols, or by base asset, where assets not named start at 50000",
            Decimal(50_000),
            limits=POSITIVE,
        ),
        SettingSpec(
            "kline",
            (SettingType.DURATION,),
            "interval of candles",
            1.0,
            limits=Limits(least=Decimal("0.001")),
        ),
        *PAPER_SETTINGS,
    ),
    is_on_paper=True,
    extends=True,
    conflicts=_price_conflicts,
)
