"""Opens a provider that replays a file."""

from __future__ import annotations

import math
from collections.abc import Mapping

from meltica_compiler.graph.graph import ProviderNode
from meltica_dsl.model.fields import DEFAULT_BOOK_DEPTH
from meltica_runtime.dataplane.market_batch import MarketCodes
from meltica_runtime.venues import setting_values
from meltica_runtime.venues.live_provider import ProviderContext
from meltica_runtime.venues.market_source import SubscribableSource
from meltica_runtime.venues.replay.source import replay_source
from meltica_runtime.venues.simulated_provider import SimulatedProvider

_AS_FAST_AS_POSSIBLE = "max"


class ReplayPace:
    """Market time runs `speed` times as fast as the clock, from the first event on."""

    def __init__(self, speed: float) -> None:
        """`speed` may be infinite: then readers alone set the pace."""
        self._speed = speed
        self._began_us = 0.0
        self._first_us = 0.0

    def begin(self, now_us: float, first_us: float) -> None:
        self._began_us = now_us
        self._first_us = first_us

    def market_us(self, now_us: float) -> float:
        if math.isinf(self._speed):
            return math.inf
        return self._first_us + (now_us - self._began_us) * self._speed


def open_replay(node: ProviderNode, context: ProviderContext) -> SimulatedProvider:
    """A file as a market, and a paper venue over it if some strategy trades there. The file is opened when
    the provider runs."""
    codes = MarketCodes(context.code, {name: context.symbols[name] for name in node.symbols})
    path = context.project_root / setting_values.text(node.settings, "path")
    file_format = setting_values.text(node.settings, "format")
    speed = node.settings["speed"]
    pace = ReplayPace(
        math.inf if speed == _AS_FAST_AS_POSSIBLE else setting_values.real(node.settings, "speed")
    )

    def start(now_us: float, depths: Mapping[str, int]) -> SubscribableSource:
        del now_us  # A recording has its own time.
        return replay_source(path, file_format, codes, depths.get("book", DEFAULT_BOOK_DEPTH))

    return SimulatedProvider(node, context, start, pace)
