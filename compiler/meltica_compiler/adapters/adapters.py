"""The adapters of this build: what each provides, and which settings it takes.

This table is the agreement with the runtime, which gets the settings as `ProviderNode.settings`:
every name of the schema is there, as the type that `setting_schema.SettingType` says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType

from msgspec import Struct, field

from meltica_compiler.adapters.setting_schema import NOT_NEGATIVE, POSITIVE, Limits, SettingSpec, SettingType
from meltica_compiler.graph.graph import SettingValue
from meltica_dsl.model.value_text import decimal_text

MARKET_EVENTS = ("trade", "ticker", "book", "kline")


class SettingConflict(Struct, frozen=True):
    """Why the setting of this name does not go with the others."""

    setting: str
    message: str
    help: str


class AdapterSpec(Struct, frozen=True):
    """One kind of venue. `events` are what a route may ask of it; `trades` says that it takes orders.
    `conflicts` finds settings that are right each by itself but do not go together.

    `credentials` are settings that it needs for private streams: orders, executions, balances.
    `files` are settings that name a file to read.
    `is_on_paper`: its orders and balances live in the gateway, and end with the provider.
    `extends`: it can be asked for another event, or for deeper books, while it runs.
    `events_by_format`: where its setting `format` decides what it provides, the events of each.
    """

    identifier: str
    display_name: str
    venue: str
    description: str
    events: tuple[str, ...]
    trades: bool
    settings: tuple[SettingSpec, ...]
    credentials: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    events_by_format: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_on_paper: bool = False
    extends: bool = False
    conflicts: Callable[[Mapping[str, SettingValue]], tuple[SettingConflict, ...]] = lambda _: ()

    def provides(self, settings: Mapping[str, SettingValue]) -> tuple[str, ...]:
        """The events that a provider with these settings can give."""
        chosen = settings.get("format")
        return self.events_by_format.get(chosen, self.events) if isinstance(chosen, str) else self.events


_STEP = Limits(above=Decimal(0), most=Decimal(1_000_000), decimals=8)
"""A price times a quantity then has 16 decimals, which is as many as the store keeps of an amount."""

_PAPER = (
    SettingSpec(
        "tick_size", (SettingType.NUMBER,), "smallest step of a price", Decimal("0.01"), limits=_STEP
    ),
    SettingSpec(
        "lot_size", (SettingType.NUMBER,), "smallest step of a quantity", Decimal("0.00001"), limits=_STEP
    ),
    SettingSpec(
        "min_notional",
        (SettingType.NUMBER,),
        "least price times quantity of an order, in the quote asset",
        Decimal(0),
        limits=NOT_NEGATIVE,
    ),
    SettingSpec(
        "fee_maker",
        (SettingType.RATIO,),
        "fee of a fill whose order waited in the book; below zero it is a rebate",
        Decimal("0.0002"),
        limits=Limits(least=Decimal("-0.01"), most=Decimal("0.1")),
    ),
    SettingSpec(
        "fee_taker",
        (SettingType.RATIO,),
        "fee of a fill whose order was filled as it came",
        Decimal("0.0005"),
        limits=Limits(least=Decimal(0), most=Decimal("0.1")),
    ),
    SettingSpec(
        "latency",
        (SettingType.DURATION,),
        "how long an order travels to the venue, and a report back",
        0.005,
        limits=Limits(least=Decimal(0), most=Decimal(60)),
    ),
    SettingSpec(
        "balances",
        (SettingType.NUMBERS,),
        "what the account holds at the start, by asset; left out, plenty of all that is traded",
        limits=NOT_NEGATIVE,
    ),
)
"""Settings of the matching engine that fills orders on paper."""

PAPER_DEFAULTS: Mapping[str, SettingValue] = MappingProxyType({spec.name: spec.default for spec in _PAPER})
"""What they are where nothing is said."""

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


_FAKE = AdapterSpec(
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
        *_PAPER,
    ),
    is_on_paper=True,
    extends=True,
    conflicts=_price_conflicts,
)

_REPLAY_EVENTS = {
    "binance_trades": ("trade",),
    "binance_quotes": ("ticker",),
    "tardis_trades": ("trade",),
    "tardis_quotes": ("ticker",),
    "tardis_book": ("book",),
}

_REPLAY = AdapterSpec(
    "replay",
    "Replay",
    "replay",
    "Events from a file, as fast as asked, and a matching engine that fills orders against them.",
    ("trade", "ticker", "book"),
    True,
    (
        SettingSpec("path", (SettingType.TEXT,), "the file, relative to the project's folder", required=True),
        SettingSpec(
            "format",
            (SettingType.WORD,),
            "what the file holds: parquet of Binance trades or quotes, or CSV as Tardis writes it",
            required=True,
            choices=tuple(_REPLAY_EVENTS),
        ),
        SettingSpec(
            "speed",
            (SettingType.NUMBER, SettingType.WORD),
            "how many times faster than it happened; `max` is as fast as the routes take it",
            "max",
            limits=Limits(above=Decimal(0), most=Decimal(1_000_000)),
            choices=("max",),
        ),
        *_PAPER,
    ),
    files=("path",),
    is_on_paper=True,
    events_by_format=_REPLAY_EVENTS,
)

ADAPTERS: Mapping[str, AdapterSpec] = MappingProxyType({spec.identifier: spec for spec in (_FAKE, _REPLAY)})
