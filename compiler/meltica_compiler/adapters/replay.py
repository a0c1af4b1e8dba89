"""Events from a file, and a paper venue."""

from __future__ import annotations

from decimal import Decimal

from meltica_compiler.adapters.manifest import AdapterSpec
from meltica_compiler.adapters.paper import PAPER_SETTINGS
from meltica_compiler.adapters.setting_schema import Limits, SettingSpec, SettingType

_EVENTS = {
    "binance_trades": ("trade",),
    "binance_quotes": ("ticker",),
    "tardis_trades": ("trade",),
    "tardis_quotes": ("ticker",),
    "tardis_book": ("book",),
}

REPLAY = AdapterSpec(
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
            choices=tuple(_EVENTS),
        ),
        SettingSpec(
            "speed",
            (SettingType.NUMBER, SettingType.WORD),
            "how many times faster than it happened; `max` is as fast as the routes take it",
            "max",
            limits=Limits(above=Decimal(0), most=Decimal(1_000_000)),
            choices=("max",),
        ),
        *PAPER_SETTINGS,
    ),
    files=("path",),
    is_on_paper=True,
    events_by_format=_EVENTS,
)
