"""Codes of adapters, providers and sinks: E04xx."""

from __future__ import annotations

from meltica_dsl.diagnostics.codes.code import Code, Example

_REPLAYED = """\
provider old {{
  adapter = replay
  symbols = [BTC-USDT]
  path    = "{}"
  format  = tardis_trades
}}
route trades via market = old.trade -> maker"""

CODES: tuple[Code, ...] = (
    Code(
        "E0401",
        "there is no such adapter",
        """\
`adapter` names the kind of venue that a provider connects to, and this build
has none of this name. The message names the nearest one, or all of them.""",
        Example(
            "provider paper { adapter = fakee, symbols = [BTC-USDT] }",
            "provider paper { adapter = fake, symbols = [BTC-USDT] }",
        ),
    ),
    Code(
        "E0402",
        "the provider has no such events",
        """\
A route asks a provider for events that its adapter does not bring. With some
adapters a setting decides: a `replay` of trades has trades only.""",
        Example(
            """\
provider old {
  adapter = replay
  symbols = [BTC-USDT]
  path    = "trades.csv"
  format  = tardis_trades
}
route books via market = old.book -> maker""",
            """\
provider old {
  adapter = replay
  symbols = [BTC-USDT]
  path    = "trades.csv"
  format  = tardis_trades
}
route trades via market = old.trade -> maker""",
        ),
    ),
    Code(
        "E0403",
        "the provider takes no orders",
        """\
`trade_on` names a provider whose adapter only brings market data. Orders go
to a venue that takes them, be it the paper venue of `adapter = fake`.""",
    ),
    Code(
        "E0404",
        "the provider has no credentials",
        """\
A strategy trades on this provider, and its venue wants credentials for that:
they are settings of the provider, given as secrets.""",
    ),
    Code(
        "E0405",
        "the provider's file is not there",
        """\
An adapter such as `replay` reads a file, and there is none at this path. A
relative path starts at the project's folder: the one with `config/`, or that
of the pipeline itself. The note says where the file was looked for.""",
        Example(
            _REPLAYED.format("trade.csv"),
            _REPLAYED.format("trades.csv"),
            beside={"trades.csv": ""},
        ),
    ),
    Code(
        "E0411",
        "there is no such kind of sink",
        """\
The word after `=` says what the sink is: `log`, `parquet`, `postgres` or `nats`.""",
        Example(
            'sink tape = parket { path = "data/{date}.parquet" }',
            'sink tape = parquet { path = "data/{date}.parquet" }',
        ),
    ),
    Code(
        "E0412",
        "this kind of sink cannot run yet",
        """\
The file compiles, so that it can be checked, drawn and planned, and `meltica
run` refuses it before anything starts. Keep the events in a `parquet` sink
meanwhile. This is a warning.""",
        Example(
            'sink tape = nats { url = "nats://localhost" }',
            'sink tape = parquet { path = "data/{date}.parquet" }',
        ),
    ),
    Code(
        "E0413",
        "a path that cannot be filled in",
        """\
The path of a parquet sink may hold `{date}`, `{event}`, `{provider}` and
`{symbol}`, which make it many files. Other names in braces, and braces that
stand alone, mean nothing.""",
        Example(
            'sink tape = parquet { path = "data/{day}.parquet" }',
            'sink tape = parquet { path = "data/{date}.parquet" }',
        ),
    ),
)
