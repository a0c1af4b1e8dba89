"""Opens a paper venue from a provider's settings."""

from __future__ import annotations

from collections.abc import Mapping

from meltica_compiler.graph.graph import ProviderNode
from meltica_runtime.dataplane.market_batch import MarketCodes
from meltica_runtime.venues import setting_values
from meltica_runtime.venues.paper.rules import PaperSettings
from meltica_runtime.venues.paper.venue import PaperVenue
from meltica_runtime.venues.venue import Instrument


def paper_settings(node: ProviderNode) -> PaperSettings:
    values = node.settings
    return PaperSettings(
        tick_size=setting_values.decimal(values, "tick_size"),
        lot_size=setting_values.decimal(values, "lot_size"),
        min_notional=setting_values.decimal(values, "min_notional"),
        fee_maker=setting_values.decimal(values, "fee_maker"),
        fee_taker=setting_values.decimal(values, "fee_taker"),
        latency_us=setting_values.real(values, "latency") * 1e6,
        balances=setting_values.decimals(values, "balances"),
    )


def paper_venue(node: ProviderNode, codes: MarketCodes) -> PaperVenue | None:
    """The venue, if some strategy of the graph sends orders to the provider."""
    return PaperVenue(node.name, paper_settings(node), codes) if node.trades else None


def instruments(node: ProviderNode) -> tuple[Instrument, ...]:
    """The trading rules of the provider's symbols."""
    tick, lot, least = (
        setting_values.decimal(node.settings, name) for name in ("tick_size", "lot_size", "min_notional")
    )
    return tuple(Instrument(symbol, tick, lot, least) for symbol in node.symbols)


def subscribed_depths(asked: Mapping[str, int], depth: int) -> dict[str, int]:
    """What is asked for, and what matching needs besides: trades, and books of at least `depth` levels if
    none are asked for."""
    return {"trade": 0, "book": asked.get("book", depth), **asked}
