"""Opens a fake provider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from meltica_compiler.graph.graph import ProviderNode
from meltica_runtime.dataplane.market_batch import MarketCodes
from meltica_runtime.venues import setting_values
from meltica_runtime.venues.fake.market import FakeMarket
from meltica_runtime.venues.fake.settings import FakeMarketSettings
from meltica_runtime.venues.live_provider import ProviderContext
from meltica_runtime.venues.market_source import SubscribableSource
from meltica_runtime.venues.simulated_provider import RealTimePace, SimulatedProvider


def fake_market_settings(node: ProviderNode, *, seed: int | None, start_us: float) -> FakeMarketSettings:
    """The market that a provider's settings describe. `seed`, if given, goes before theirs."""
    values = node.settings
    settings = FakeMarketSettings(
        seed=setting_values.integer(values, "seed") if seed is None else seed,
        rate=setting_values.real(values, "rate"),
        volatility=setting_values.real(values, "volatility"),
        spread=setting_values.real(values, "spread"),
        start_prices=setting_values.decimals(values, "start_price") or {},
        start_us=start_us,
        tick_size=setting_values.decimal(values, "tick_size"),
        lot_size=setting_values.decimal(values, "lot_size"),
        kline_us=setting_values.real(values, "kline") * 1e6,
    )
    price = values["start_price"]
    return replace(settings, start_price=price) if isinstance(price, Decimal) else settings


def open_fake(node: ProviderNode, context: ProviderContext) -> SimulatedProvider:
    """A fake market on the clock, and a paper venue over it if some strategy trades there.

    What the routes do not ask for, but the venue needs to match orders, is made for the venue alone.
    """
    codes = MarketCodes(context.code, {name: context.symbols[name] for name in node.symbols})

    def start(start_us: float, depths: Mapping[str, int]) -> SubscribableSource:
        return FakeMarket(fake_market_settings(node, seed=context.seed, start_us=start_us), codes, depths)

    return SimulatedProvider(node, context, start, RealTimePace())
