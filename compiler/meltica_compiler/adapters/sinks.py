"""The kinds of sink: which this build can run, and which settings they take.

As with adapters, the runtime gets the settings as `SinkNode.settings`, every name of the schema there.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from msgspec import Struct

from meltica_compiler.adapters.setting_schema import Limits, SettingSpec, SettingType

PATH_PLACEHOLDERS = ("date", "event", "provider", "symbol")
"""What may stand in braces in the path of a parquet sink: `data/{date}/{event}.parquet`."""


class SinkSpec(Struct, frozen=True):
    """A kind of sink, and the settings that it takes."""

    kind: str
    description: str
    settings: tuple[SettingSpec, ...]


_LOG = SinkSpec(
    "log",
    "Writes events to the gateway's log, one a line.",
    (
        SettingSpec(
            "level",
            (SettingType.WORD,),
            "level of the lines",
            "info",
            choices=("debug", "info", "warning", "error"),
        ),
        SettingSpec(
            "limit",
            (SettingType.RATE,),
            "lines at most; what is more is counted and summed up in one line",
            100.0,
            limits=Limits(above=Decimal(0), most=Decimal(100_000)),
        ),
    ),
)

_PARQUET = SinkSpec(
    "parquet",
    "Writes events to parquet files.",
    (
        SettingSpec(
            "path",
            (SettingType.TEXT,),
            "the file, relative to the project's folder; may hold {date}, {event}, {provider}, {symbol}",
            required=True,
        ),
        SettingSpec(
            "rows",
            (SettingType.INTEGER,),
            "rows of a row group, which is held in memory until it is full",
            65_536,
            limits=Limits(least=Decimal(1), most=Decimal(1_048_576)),
        ),
        SettingSpec(
            "flush",
            (SettingType.DURATION,),
            "longest time that an event waits for its row group to fill",
            10.0,
            limits=Limits(least=Decimal("0.01"), most=Decimal(3_600)),
        ),
    ),
)

_POSTGRES = SinkSpec(
    "postgres",
    "Writes events to the gateway's database, each type of event to a table of its own: `market_trade`, "
    "`market_ticker`, `market_book`, `market_kline`.",
    (
        SettingSpec(
            "rows",
            (SettingType.INTEGER,),
            "rows of one COPY at most",
            1_024,
            limits=Limits(least=Decimal(1), most=Decimal(8_192)),
        ),
        SettingSpec(
            "flush",
            (SettingType.DURATION,),
            "longest time that an event waits for its batch",
            1.0,
            limits=Limits(least=Decimal("0.01"), most=Decimal(3_600)),
        ),
    ),
)

_NATS = SinkSpec(
    "nats",
    "Sends events to a NATS server. It compiles, and `meltica run` refuses it: this build cannot run it.",
    (
        SettingSpec("url", (SettingType.TEXT,), "the server, such as `nats://localhost:4222`", required=True),
        SettingSpec(
            "subject",
            (SettingType.TEXT,),
            "the subject of each message; may hold {event}, {provider}, {symbol}",
            "meltica.{event}.{provider}.{symbol}",
        ),
    ),
)

SINK_KINDS: Mapping[str, SinkSpec] = MappingProxyType(
    {spec.kind: spec for spec in (_LOG, _PARQUET, _POSTGRES, _NATS)}
)

LATER_SINK_KINDS = ("nats",)
"""Kinds that compile and that this build cannot run."""
