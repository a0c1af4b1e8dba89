"""What a fake market is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from meltica_dsl.model.values import Symbol

DEFAULT_TICK = Decimal("0.01")
DEFAULT_LOT = Decimal("0.00001")


@dataclass(frozen=True, slots=True)
class FakeMarketSettings:
    """`rate`: trades, tickers and books a second, over all symbols together, whether anyone asks for them or
    not; klines come on top. `volatility`: standard deviation of a year's return. `spread`: mean difference
    of best ask and bid, as part of the price. `start_prices`, by base asset, go before
    `start_price`. `start_us`: time of the first event, in microseconds. `kline_us`: interval of candles."""

    seed: int = 1
    rate: float = 1_000.0
    volatility: float = 0.6
    spread: float = 0.0002
    start_price: Decimal = Decimal(50_000)
    start_prices: Mapping[str, Decimal] = field(default_factory=dict)
    start_us: float = 0.0
    tick_size: Decimal = field(default=DEFAULT_TICK)
    lot_size: Decimal = field(default=DEFAULT_LOT)
    kline_us: float = 1_000_000.0

    def __post_init__(self) -> None:
        for name, value in (("rate", self.rate), ("kline_us", self.kline_us)):
            if not value > 0:
                raise ValueError(f"the fake market's {name} is greater than 0, not {value}")
        for price in (self.start_price, *self.start_prices.values()):
            if price <= 0:
                raise ValueError(f"the fake market's start_price is greater than 0, not {price}")

    def start_price_of(self, symbol: str) -> Decimal:
        """First price of a symbol, `BASE-QUOTE`."""
        return self.start_prices.get(Symbol.parse(symbol).base, self.start_price)
