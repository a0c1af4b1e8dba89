"""Codes of tests: E10xx."""

from __future__ import annotations

from meltica_dsl.diagnostics.codes.code import Code, Example

CODES: tuple[Code, ...] = (
    Code(
        "E1001",
        "a node does no such thing",
        """\
An expectation names a node and a verb. Providers have `emits` and `drops`,
routes `receives` too; sinks have `receives` and `drops`; strategies have
`receives`, `drops`, `orders`, `cancels`, `amends`, `fills`, `rejects`, `logs`
and `fails`.""",
        Example(
            """\
test "t" {
  at 0ms paper.trade { symbol = BTC-USDT, price = 60_000, quantity = 1 }
  expect tape orders nothing
}""",
            """\
test "t" {
  at 0ms paper.trade { symbol = BTC-USDT, price = 60_000, quantity = 1 }
  expect tape receives 1 trade
}""",
        ),
    ),
    Code(
        "E1002",
        "no such fault",
        """\
A test can let a provider lose its connection and get it back (`disconnects`,
`reconnects`), and its venue take no orders and take them again (`refuses`,
`accepts`).""",
        Example(
            """\
test "t" {
  at 2s paper crashes
  expect maker receives nothing
}""",
            """\
test "t" {
  at 2s paper disconnects
  expect maker receives nothing
}""",
        ),
    ),
    Code(
        "E1003",
        "a symbol that the provider does not list",
        """\
A test gives an event of a symbol that its provider does not have.""",
        Example(
            """\
test "t" {
  at 0ms paper.trade { symbol = SOL-USDT, price = 3_000, quantity = 1 }
  expect maker receives 1 trade
}""",
            """\
test "t" {
  at 0ms paper.trade { symbol = ETH-USDT, price = 3_000, quantity = 1 }
  expect maker receives 1 trade
}""",
        ),
    ),
    Code(
        "E1004",
        "an expectation that cannot be read",
        """\
Behind the node and the verb stands how many, of which event, with which
fields, and by when. Each part may be left out, but not all of them.""",
        Example(
            """\
test "t" {
  at 0ms paper.trade { symbol = BTC-USDT, price = 60_000, quantity = 1 }
  expect maker receives 2 trade 500ms
}""",
            """\
test "t" {
  at 0ms paper.trade { symbol = BTC-USDT, price = 60_000, quantity = 1 }
  expect maker receives 2 trade by 500ms
}""",
        ),
    ),
    Code(
        "E1005",
        "a test that goes back in time",
        """\
The steps of a test stand in the order in which they happen, so that it reads
from top to bottom, and so that an expectation is about what stands above it.""",
        Example(
            """\
test "t" {
  at 2s paper disconnects
  at 1s paper.trade { symbol = BTC-USDT, price = 60_000, quantity = 1 }
  expect maker receives 1 trade
}""",
            """\
test "t" {
  at 1s paper.trade { symbol = BTC-USDT, price = 60_000, quantity = 1 }
  at 2s paper disconnects
  expect maker receives 1 trade
}""",
        ),
    ),
    Code(
        "E1006",
        "an event that a test does not give",
        """\
A test gives market data: trades, tickers, books and klines. Executions,
balances and risk events come of what strategies do.""",
        Example(
            """\
test "t" {
  at 0ms paper.execution { state = "FILLED" }
  expect maker receives nothing
}""",
            """\
test "t" {
  at 0ms paper.trade { symbol = BTC-USDT, price = 60_000, quantity = 1 }
  expect maker receives 1 trade
}""",
        ),
    ),
    Code(
        "E1007",
        "a fault that ends before it began, or begins twice",
        """\
A provider reconnects after it has disconnected, and disconnects while it is
connected; the same goes for `refuses` and `accepts`.""",
        Example(
            """\
test "t" {
  at 2s paper reconnects
  expect maker receives nothing
}""",
            """\
test "t" {
  at 1s paper disconnects
  at 2s paper reconnects
  expect maker receives nothing
}""",
        ),
    ),
    Code(
        "E1008",
        "a test that expects nothing",
        """\
A test without a single `expect` passes whatever happens, unless a strategy
fails. This is a warning.""",
        Example(
            """\
test "t" {
  at 0ms paper.trade { symbol = BTC-USDT, price = 60_000, quantity = 1 }
}""",
            """\
test "t" {
  at 0ms paper.trade { symbol = BTC-USDT, price = 60_000, quantity = 1 }
  expect maker receives 1 trade
}""",
        ),
    ),
    Code(
        "E1009",
        "an event that nobody takes",
        """\
A test gives an event that no route reads, and that no order is filled against
either: the venue on paper looks at trades, tickers and books.""",
        Example(
            """\
test "t" {
  at 0ms paper.ticker { symbol = BTC-USDT, bid = 59_999, ask = 60_001 }
  expect maker receives nothing
}""",
            """\
test "t" {
  at 0ms paper.trade { symbol = BTC-USDT, price = 60_000, quantity = 1 }
  expect maker receives 1 trade
}""",
        ),
    ),
    Code(
        "E1010",
        "an expectation that cannot be met",
        """\
What is expected of the node can never come: no route brings it events of this
type, or it is a strategy without `trade_on` and has no orders. A route that
makes candles of trades drops none that one could name.""",
        Example(
            """\
test "t" {
  at 0ms paper.trade { symbol = BTC-USDT, price = 60_000, quantity = 1 }
  expect tape receives 1 book
}""",
            """\
test "t" {
  at 0ms paper.trade { symbol = BTC-USDT, price = 60_000, quantity = 1 }
  expect tape receives 1 trade
}""",
        ),
    ),
)
