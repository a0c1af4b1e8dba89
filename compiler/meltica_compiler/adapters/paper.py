"""Settings of the matching engine that fills orders on paper, which several adapters share."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from meltica_compiler.adapters.setting_schema import NOT_NEGATIVE, Limits, SettingSpec, SettingType
from meltica_compiler.graph.graph import SettingValue

_STEP = Limits(above=Decimal(0), most=Decimal(1_000_000), decimals=8)
"""A price times a quantity then has 16 decimals, which is as many as the store keeps of an amount."""

PAPER_SETTINGS = (
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

PAPER_DEFAULTS: Mapping[str, SettingValue] = MappingProxyType(
    {spec.name: spec.default for spec in PAPER_SETTINGS}
)
"""What they are where nothing is said."""
