"""Codes of flow: reachability, cycles, loss: E06xx."""

from __future__ import annotations

from meltica_dsl.diagnostics.codes.code import Code, Example

CODES: tuple[Code, ...] = (
    Code(
        "E0601",
        "a provider is never used",
        """\
No route that leads anywhere reads this provider, and no strategy trades on
it, so it would connect for nothing. This is a warning.""",
        Example(
            """\
provider spare { adapter = fake, symbols = [BTC-USDT] }
route trades via market = paper.trade -> maker""",
            """\
provider spare { adapter = fake, symbols = [BTC-USDT] }
route trades via market = paper.trade, spare.trade -> maker""",
        ),
    ),
    Code(
        "E0602",
        "a strategy gets no events",
        """\
No route's arrow points at this strategy, so none of its market data handlers
would ever be called. This is a warning.""",
        Example(
            """\
strategy idle = "noop"
route trades via market = paper.trade -> maker""",
            """\
strategy idle = "noop"
route trades via market = paper.trade -> maker, idle""",
        ),
    ),
    Code(
        "E0603",
        "a sink gets no events",
        """\
No route's arrow points at this sink, so it would keep nothing. This is a
warning.""",
        Example(
            """\
sink copy = log
route trades via market = paper.trade -> maker""",
            """\
sink copy = log
route trades via market = paper.trade -> maker, copy""",
        ),
    ),
    Code(
        "E0604",
        "a pool is never used",
        """\
No route goes `via` this pool. It takes no memory: a pool is what each edge of
its routes gets. This is a warning.""",
        Example(
            """\
pool attic { events = 1_024, on_full = block }
route trades via market = paper.trade -> maker""",
            """\
pool attic { events = 1_024, on_full = block }
route trades via attic = paper.trade -> maker""",
        ),
    ),
    Code(
        "E0605",
        "a risk block is never used",
        """\
No strategy has these limits. If one was meant to, it trades without them:
this is a warning that deserves a look.""",
        Example(
            """\
risk careful { max_position = 1 }
strategy maker = "market-making" { config { size = 0.01 } }""",
            """\
risk careful { max_position = 1 }
strategy maker = "market-making" { trade_on = paper, risk = careful, config { size = 0.01 } }""",
        ),
    ),
    Code(
        "E0606",
        "a condition that is never met",
        """\
A `where` names a symbol that none of the route's sources lists, or a provider
that is none of them. It is most likely a slip of the pen. This is a warning.""",
        Example(
            "route trades via market = paper.trade | where symbol == BTC-USD -> tape",
            "route trades via market = paper.trade | where symbol == BTC-USDT -> tape",
        ),
    ),
    Code(
        "E0607",
        "a route leads nowhere",
        """\
A route ends in an arrow to what receives its events, strategies and sinks, or
another route reads it.""",
        Example(
            "route trades via market = paper.trade",
            "route trades via market = paper.trade -> tape",
        ),
    ),
    Code(
        "E0608",
        "a durable route through a pool that loses events",
        """\
`durable` promises that no event of the route is lost, and the pool's policy
loses events when a reader falls behind. One of them has to give way. Routes
that a durable route reads, at however many removes, must not lose any either.""",
        Example(
            """\
pool market { events = 1_024, on_full = drop_oldest }
route trades via market durable = paper.trade -> tape""",
            """\
pool market { events = 65_536, on_full = block }
route trades via market durable = paper.trade -> tape""",
        ),
    ),
    Code(
        "E0609",
        "a blocking ring too small for what a stage lets go of",
        """\
`conflate` and `kline` hold one event of each stream, that is of each symbol at
each provider, and `merge` holds up to 8,192 events. They may let go of all of
them at once. A pool that blocks, or whose route another reads, must have room
for that and one more.""",
        Example(
            """\
pool market { events = 2, on_full = block }
route quotes via market = paper.book | conflate per symbol every 1s -> tape""",
            """\
pool market { events = 1_024, on_full = block }
route quotes via market = paper.book | conflate per symbol every 1s -> tape""",
        ),
    ),
    Code(
        "E0610",
        "a book deeper than its source",
        """\
A route that reads another cannot keep more levels of a book than that one
gives: what its `depth` says, or 10.""",
        Example(
            """\
route near via market = paper.book | depth 5 -> maker
route deep via market = near | depth 20 -> tape""",
            """\
route near via market = paper.book | depth 20 -> maker
route deep via market = near | depth 20 -> tape""",
        ),
    ),
    Code(
        "E0611",
        "a path slower than the latency budget",
        """\
`latency` of the pipeline is what an event may take from its provider to the
strategy that handles it. `conflate` and `kline` hold events back on purpose,
for up to their window, so a path with a longer window cannot keep to the
budget. This is a warning. What the rest takes is measured while the gateway
runs; `meltica compile --emit latency` shows every path.""",
        Example(
            """\
pipeline quick { latency = 2ms }
route quotes via market = paper.book | conflate per symbol every 100ms -> maker""",
            """\
pipeline quick { latency = 150ms }
route quotes via market = paper.book | conflate per symbol every 100ms -> maker""",
        ),
    ),
)
