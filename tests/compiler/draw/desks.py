"""Trading desks to look at: pipelines of about 5, 50 and 500 nodes as people would write them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.compiler.draw.conftest import (
    SPAN,
    edge,
    ingress,
    make_graph,
    number,
    provider,
    risk,
    route,
    strategy,
    symbol_is,
    where,
)

from meltica_compiler.graph.graph import Edge, Graph, ProviderNode, RouteNode, SinkNode, StrategyNode
from meltica_dsl.model.pipeline import Conflate, Dedupe, Depth, FullPolicy, Stage
from meltica_dsl.model.values import Duration
from meltica_dsl.text.source import Location

BASES = (
    *("BTC", "ETH", "SOL", "XRP", "ADA", "DOGE", "AVAX", "DOT", "LINK", "LTC", "ATOM", "UNI", "ETC", "XLM"),
    *(
        "FIL",
        "APT",
        "ARB",
        "OP",
        "NEAR",
        "INJ",
        "AAVE",
        "GRT",
        "ALGO",
        "EGLD",
        "SAND",
        "MANA",
        "AXS",
        "THETA",
    ),
    *("FTM", "RUNE", "SUI", "SEI", "TIA", "JUP", "PYTH", "WIF", "BONK", "PEPE", "ENA", "STRK"),
)
VENUES = ("binance", "okx", "bybit", "kraken")
SECOND = 10**9


def _place(line: int) -> Location:
    return Location("desk.mel", line, 1)


def _trade_stages(symbol: str) -> tuple[Stage, ...]:
    return (
        symbol_is("trade", symbol),
        where("trade", "quantity", ">=", number("0.001")),
        Dedupe(Duration(60 * SECOND), SPAN),
    )


def _book_stages(symbol: str) -> tuple[Stage, ...]:
    return (symbol_is("book", symbol), Depth(20, SPAN), Conflate(Duration(SECOND // 10), SPAN))


def _routes(venues: Sequence[str], symbols: Sequence[str]) -> Iterator[tuple[RouteNode, str, str]]:
    """Routes with the symbol and the venue that each is for."""
    for symbol in symbols:
        for venue in venues:
            index = f"[{symbol}, {venue}]"
            yield route(f"trades{index}", "trade", (venue,), _trade_stages(symbol)), symbol, venue
            yield (
                route(f"quotes{index}", "book", (venue,), _book_stages(symbol), depth=20, pool="books"),
                symbol,
                venue,
            )


def desk(name: str, venues: Sequence[str], symbols: Sequence[str], kinds: Sequence[str]) -> Graph:
    """`kinds` of strategies for each symbol; trades of each venue are kept on a tape of their own."""
    routes: list[RouteNode] = []
    edges: list[Edge] = []
    for node, symbol, venue in _routes(venues, symbols):
        routes.append(node)
        policy = FullPolicy.DROP_OLDEST if node.event == "trade" else FullPolicy.CONFLATE
        line = len(routes)
        edges += [edge(node, f"{kind}[{symbol}]", "strategy", policy, 4_096, line) for kind in kinds]
        if node.event == "trade":
            edges.append(edge(node, f"tape[{venue}]", "sink", policy, 4_096, line))
    audit = route("audit", "trade", ("paper",), (), pool="kept", durable=True)
    edges.append(edge(audit, "ledger", "sink", FullPolicy.BLOCK, 65_536, 9))
    return make_graph(
        name,
        providers=tuple(_providers(venues, symbols)),
        routes=(*routes, audit),
        strategies=tuple(_strategies(symbols, kinds, edges)),
        sinks=tuple(_sinks(venues)),
        edges=tuple(edges),
        symbols=tuple(symbols),
    )


def _providers(venues: Sequence[str], symbols: Sequence[str]) -> Iterator[ProviderNode]:
    rings = (ingress("trade"), ingress("book", 20))
    for venue in venues:
        adapter = venue if venue in ("binance", "okx") else "fake"
        yield provider(venue, adapter, tuple(symbols), rings, trades=venue == venues[0])
    yield provider("paper", "fake", tuple(symbols), (ingress("trade"),), trades=True)


def _strategies(symbols: Sequence[str], kinds: Sequence[str], edges: list[Edge]) -> Iterator[StrategyNode]:
    modules = {"maker": "market-making:latest", "taker": "momentum:2.0.1", "grid": "grid"}
    for kind in kinds:
        for symbol in symbols:
            yield strategy(
                f"{kind}[{symbol}]",
                modules[kind],
                edges,
                trade_on="paper" if kind == "maker" else "binance",
                trade_symbols=(symbol,),
                risk=risk("careful" if kind == "maker" else "tight"),
                dry_run=kind == "grid",
                location=_place(40),
            )


def _sinks(venues: Sequence[str]) -> Iterator[SinkNode]:
    for venue in venues:
        path = {"path": f"data/{venue}/{{date}}/{{event}}.parquet"}
        yield SinkNode(f"sink/tape[{venue}]", f"tape[{venue}]", "parquet", path, _place(60))
    yield SinkNode("sink/ledger", "ledger", "postgres", {}, _place(64))


def small() -> Graph:
    """About 5 nodes."""
    graph = desk("desk_5", ("binance",), (), ())
    quotes = route("quotes", "book", ("binance",), _book_stages("BTC-USDT"), depth=20, pool="books")
    trades = route("trades", "trade", ("binance",), _trade_stages("BTC-USDT"))
    edges = [
        edge(quotes, "maker", "strategy", FullPolicy.CONFLATE, 1_024, 9),
        edge(trades, "maker", "strategy", FullPolicy.DROP_OLDEST, 65_536, 12),
        edge(trades, "tape", "sink", FullPolicy.BLOCK, 65_536, 12),
    ]
    maker = strategy("maker", "market-making:latest", edges, trade_on="binance", risk=risk("careful"))
    feed = provider("binance", "binance", ("BTC-USDT",), (ingress("trade"), ingress("book", 20)), trades=True)
    tape = SinkNode("sink/tape", "tape", "parquet", {"path": "data/{date}.parquet"}, _place(20))
    return make_graph(
        graph.pipeline,
        providers=(feed,),
        routes=(quotes, trades),
        strategies=(maker,),
        sinks=(tape,),
        edges=tuple(edges),
        symbols=("BTC-USDT",),
    )


def middle() -> Graph:
    """About 50 nodes."""
    symbols = [f"{base}-USDT" for base in BASES[:8]]
    return desk("desk_50", VENUES[:2], symbols, ("maker",))


def large() -> Graph:
    """About 500 nodes."""
    symbols = [f"{base}-USDT" for base in BASES]
    return desk("desk_500", VENUES, symbols, ("maker", "taker", "grid"))


def chained(bases: Sequence[str] = BASES[:2]) -> Graph:
    """Routes that read routes, their names against the flow: `wide` reads the venue, `narrow` reads
    `wide`, and `last` reads `narrow` and another venue."""
    routes, links, edges = [], [], []
    for symbol in (f"{base}-USDT" for base in bases):
        wide = route(f"wide[{symbol}]", "trade", ("binance",), (symbol_is("trade", symbol),))
        narrow = route(f"narrow[{symbol}]", "trade", (), _trade_stages(symbol)[1:], routes=(wide.name,))
        last = route(f"last[{symbol}]", "trade", ("okx",), (), routes=(narrow.name,))
        routes += [wide, narrow, last]
        links += [edge(wide, narrow.name, "route", FullPolicy.DROP_OLDEST, 1_024, 9)]
        links += [edge(narrow, last.name, "route", FullPolicy.BLOCK, 1_024, 9)]
        edges += [edge(node, "tape", "sink", FullPolicy.DROP_OLDEST, 1_024, 9) for node in (wide, last)]
    symbols = tuple(f"{base}-USDT" for base in bases)
    return make_graph(
        "chained",
        providers=tuple(provider(name, name, symbols, (ingress("trade"),)) for name in ("binance", "okx")),
        routes=tuple(sorted(routes, key=lambda node: node.name)),
        sinks=(SinkNode("sink/tape", "tape", "log", {}, _place(20)),),
        edges=tuple(edges),
        links=tuple(links),
        symbols=symbols,
    )
