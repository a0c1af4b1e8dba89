"""The paper venue against properties: whatever is asked of it, and however the market data are cut."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from meltica_compiler.records.layout import record_layout
from meltica_runtime.dataplane.market_batch import MarketBatch, MarketCodes, silence
from meltica_runtime.orders.order import (
    Amended,
    Cancelled,
    Expired,
    Filled,
    OrderRequest,
    OrderState,
    OrderType,
    Rejected,
    RequestFailed,
    Side,
    TimeInForce,
    VenueReport,
)
from meltica_runtime.venues.fake.market import FakeMarket
from meltica_runtime.venues.fake.settings import FakeMarketSettings
from meltica_runtime.venues.paper.account import PLENTY
from meltica_runtime.venues.paper.rules import PaperSettings
from meltica_runtime.venues.paper.venue import PaperVenue

SYMBOLS = ("BTC-USDT", "ETH-BTC")
CODES = MarketCodes(provider=0, symbols={"BTC-USDT": 5, "ETH-BTC": 2})
SPAN_US = 120_000.0


@dataclass(frozen=True)
class Ask:
    """Something a strategy asks of the venue at a time. `target` numbers an earlier order."""

    time_us: float
    kind: str
    target: int = 0
    symbol: str = SYMBOLS[0]
    side: Side = Side.BUY
    type: OrderType = OrderType.LIMIT
    quantity: Decimal = Decimal(1)
    price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC


@dataclass(frozen=True)
class Scenario:
    settings: PaperSettings
    events: tuple[str, ...]
    seed: int
    asks: tuple[Ask, ...]

    def market(self) -> FakeMarket:
        """A market so coarse that prices meet often."""
        settings = FakeMarketSettings(
            seed=self.seed,
            rate=3_000.0,
            volatility=20.0,
            spread=0.002,
            start_price=Decimal(1_000),
            tick_size=Decimal(1),
            lot_size=Decimal("0.1"),
        )
        depths = {event: 4 if event == "book" else 0 for event in self.events}
        return FakeMarket(settings, CODES, depths)

    def batches(self, limits: list[int]) -> list[MarketBatch]:
        """The market up to `SPAN_US`, cut after these numbers of events."""
        source = self.market()
        batches = [source.next_batch(limit, SPAN_US) for limit in limits]
        return [*batches, source.next_batch(1_000_000, SPAN_US)]


def ask_of(venue: PaperVenue, number: int, ask: Ask) -> None:
    """Sends one request; orders are called by their number."""
    match ask.kind:
        case "submit":
            request = OrderRequest(
                f"o{number}",
                "maker",
                "paper",
                ask.symbol,
                ask.side,
                ask.type,
                ask.quantity,
                ask.price,
                ask.time_in_force,
                ask.time_us,
            )
            venue.submit(request, ask.time_us)
        case "cancel":
            venue.cancel(f"o{ask.target}", ask.time_us)
        case "amend":
            venue.amend(f"o{ask.target}", ask.price, ask.quantity, ask.time_us)


def play(scenario: Scenario, limits: list[int]) -> tuple[list[tuple[float, VenueReport]], PaperVenue]:
    """Runs a scenario as a gateway does: up to each report that is due, then on. Returns (due, report)."""
    venue = PaperVenue("paper", scenario.settings, CODES)
    asks = list(enumerate(scenario.asks))
    delivered: list[tuple[float, VenueReport]] = []

    def deliver(until_us: float) -> None:
        while (due_us := venue.next_report_us()) <= until_us:
            reports = venue.advance(due_us)
            assert reports, "a report was announced and did not come"
            delivered.extend((due_us, report) for report in reports)

    for batch in scenario.batches(limits):
        venue.feed(batch)
        while asks and asks[0][1].time_us < batch.end_us:
            deliver(asks[0][1].time_us)
            ask_of(venue, *asks.pop(0))
        deliver(batch.end_us)
        latency_us = scenario.settings.latency_us
        delivered.extend((r.time_us + latency_us, r) for r in venue.advance(batch.end_us))
    delivered.extend((math.inf, report) for report in venue.advance(math.inf))
    return delivered, venue


@st.composite
def _asks(draw: st.DrawFn) -> tuple[Ask, ...]:
    asks, orders = [], 0
    times = draw(st.lists(st.integers(0, int(SPAN_US * 0.8)), min_size=1, max_size=25))
    for number, time_us in enumerate(sorted(times)):
        kind = (
            draw(st.sampled_from(["submit", "submit", "submit", "cancel", "amend"])) if orders else "submit"
        )
        orders += kind == "submit"
        order_type = draw(st.sampled_from([OrderType.LIMIT, OrderType.LIMIT, OrderType.MARKET]))
        price = Decimal(draw(st.integers(994, 1_006))) if order_type is OrderType.LIMIT else None
        asks.append(
            Ask(
                float(time_us),
                kind,
                target=draw(st.integers(0, max(0, number - 1))),
                symbol=draw(st.sampled_from(SYMBOLS)),
                side=draw(st.sampled_from(Side)),
                type=order_type,
                quantity=Decimal(draw(st.integers(1, 600))) / 10,
                price=price,
                time_in_force=draw(st.sampled_from([TimeInForce.GTC, TimeInForce.GTC, *TimeInForce])),
            )
        )
    return tuple(asks)


scenarios = st.builds(
    Scenario,
    settings=st.builds(
        PaperSettings,
        tick_size=st.just(Decimal(1)),
        lot_size=st.just(Decimal("0.1")),
        fee_maker=st.sampled_from([Decimal("0.0002"), Decimal("-0.0001"), Decimal(0)]),
        latency_us=st.sampled_from([0.0, 0.25, 700.0, 5_000.0]),
        balances=st.sampled_from(
            [None, {"BTC": Decimal(40), "USDT": Decimal(20_000), "ETH": Decimal("3.7")}]
        ),
    ),
    events=st.sampled_from([("trade",), ("ticker",), ("trade", "ticker", "book"), ("trade", "book")]),
    seed=st.integers(0, 1_000),
    asks=_asks(),
)


@given(scenario=scenarios, limits=st.lists(st.integers(0, 120), max_size=6))
@settings(max_examples=80, deadline=None)
def test_reports_do_not_depend_on_how_market_data_are_cut(scenario, limits):
    whole, venue = play(scenario, [])
    parts, other = play(scenario, limits)
    assert [repr(r) for r in parts] == [repr(r) for r in whole]
    assert other.balances() == venue.balances()


@given(scenario=scenarios)
@settings(max_examples=80, deadline=None)
def test_fills_and_fees_add_up_to_the_balances_exactly(scenario):
    delivered, venue = play(scenario, [])
    requests = {f"o{i}": ask for i, ask in enumerate(scenario.asks) if ask.kind == "submit"}
    start = scenario.settings.balances
    total: dict[str, Fraction] = {}
    for symbol in SYMBOLS:
        for asset in symbol.split("-"):
            amount = PLENTY if start is None else start.get(asset, Decimal(0))
            total[asset] = Fraction(amount)
    for _, report in delivered:
        if isinstance(report, Filled):
            ask = requests[report.client_order_id]
            base, quote = ask.symbol.split("-")
            quantity = Fraction(report.quantity) * ask.side.sign
            total[base] += quantity
            total[quote] -= quantity * Fraction(report.price)
            total[report.fee_asset] -= Fraction(report.fee)
            assert report.fee_asset == (base if ask.side is Side.BUY else quote)
    assert {b.asset: Fraction(b.total) for b in venue.balances()} == total
    assert all(0 <= b.available <= b.total for b in venue.balances())


@given(scenario=scenarios)
@settings(max_examples=80, deadline=None)
def test_an_order_never_fills_beyond_its_quantity_or_its_price_nor_after_its_end(scenario):
    delivered, venue = play(scenario, [])
    filled: dict[str, Decimal] = {}
    ended: set[str] = set()
    price, quantity = {}, {}
    for i, ask in enumerate(scenario.asks):
        price[f"o{i}"], quantity[f"o{i}"] = ask.price, ask.quantity
    for _, report in delivered:
        match report:
            case Amended(name, new_price, new_quantity, _):
                price[name], quantity[name] = new_price, new_quantity
            case Filled():
                name = report.client_order_id
                assert name not in ended
                filled[name] = filled.get(name, Decimal(0)) + report.quantity
                assert report.quantity > 0
                assert filled[name] <= quantity[name]
                limit, side = price[name], scenario.asks[int(name[1:])].side
                assert limit is None or (report.price - limit) * side.sign <= 0
            case Cancelled(name) | Expired(name) | Rejected(name):
                assert name not in ended
                ended.add(name)
    for name, amount in filled.items():
        if amount == quantity[name]:
            assert venue.query(name) is OrderState.FILLED


@given(scenario=scenarios)
@settings(max_examples=40, deadline=None)
def test_no_hold_is_left_when_no_order_is_open(scenario):
    _, venue = play(scenario, [])
    last_us = max(ask.time_us for ask in scenario.asks) + 1
    for i, ask in enumerate(scenario.asks):
        if ask.kind == "submit":
            venue.cancel(f"o{i}", last_us)
    venue.feed(silence(1e9))
    venue.advance(math.inf)
    assert all(b.available == b.total for b in venue.balances())


@given(scenario=scenarios)
@settings(max_examples=40, deadline=None)
def test_reports_come_in_order_of_time_and_one_latency_after_what_they_tell(scenario):
    delivered, venue = play(scenario, [])
    dues = [due for due, _ in delivered]
    assert dues == sorted(dues)
    assert all(r.time_us + scenario.settings.latency_us == due for due, r in delivered if due < math.inf)
    identifiers = [r.execution_id for _, r in delivered if isinstance(r, Filled)]
    assert len(set(identifiers)) == len(identifiers)
    for i, ask in enumerate(scenario.asks):
        if ask.kind == "submit":
            told = [r for _, r in delivered if getattr(r, "client_order_id", "") == f"o{i}"]
            history = venue.history(f"o{i}")
            assert history == tuple(r for r in told if not isinstance(r, RequestFailed))


class NaiveMarket:
    """Price-time priority, told as simply as possible: one symbol, trades only, resting orders only.

    Every order remembers how much was displayed at its price when it came; a trade at the price first takes
    from what stands before each order in turn.
    """

    def __init__(self) -> None:
        self.orders: list[dict] = []

    def place(self, name, side, price, quantity, ahead):
        self.orders.append(
            {"name": name, "side": side, "price": price, "left": quantity, "ahead": Fraction(ahead)}
        )

    def trade(self, price, quantity, taker):
        fills = []
        for side in Side:
            mine = sorted(
                (o for o in self.orders if o["side"] is side and o["left"] > 0),
                key=lambda o, side=side: -side.sign * o["price"],
            )
            available = Fraction(quantity)
            passed = Fraction(0)
            for order in mine:
                if (order["price"] - price) * side.sign > 0:
                    fills.append((order["name"], order["left"]))
                    order["left"] = Fraction(0)
                elif order["price"] == price and taker is not side:
                    wait = max(Fraction(0), order["ahead"] - passed)
                    step = min(wait, available)
                    passed += step
                    available -= step
                    order["ahead"] = max(Fraction(0), order["ahead"] - passed)
                    part = min(available, order["left"])
                    if part:
                        fills.append((order["name"], part))
                        order["left"] -= part
                        available -= part
        return fills


_orders = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from(Side), st.integers(1, 5), st.integers(1, 40)),
    min_size=1,
    max_size=12,
)
_trades = st.lists(
    st.tuples(st.integers(95, 106), st.integers(1, 60), st.sampled_from([0, 1, 2])), min_size=1, max_size=30
)


@given(orders=_orders, trades=_trades, displayed=st.integers(1, 50))
@settings(max_examples=150, deadline=None)
def test_waiting_orders_fill_in_price_time_order_behind_what_was_displayed(orders, trades, displayed):
    codes = MarketCodes(0, {"BTC-USDT": 0})
    venue = PaperVenue("paper", PaperSettings(lot_size=Decimal(1), tick_size=Decimal(1), latency_us=0), codes)
    book = np.zeros(1, record_layout("book", 5).dtype)
    for i in range(5):
        book["bids"][0, i] = (100 - i, displayed + i)
        book["asks"][0, i] = (101 + i, displayed + 2 * i)
    book["bid"], book["ask"], book["bid_levels"], book["ask_levels"] = 100, 101, 5, 5
    tape = np.zeros(len(trades), record_layout("trade").dtype)
    tape["time"] = np.arange(1, len(trades) + 1) * 10.0
    tape["price"], tape["quantity"], tape["side"] = zip(*trades, strict=True)
    rows = {"book": book, "trade": tape}
    places = {"book": np.zeros(1, np.int64), "trade": np.arange(1, len(trades) + 1)}
    venue.feed(MarketBatch(rows, places, len(trades) + 1, math.inf))
    naive = NaiveMarket()
    expected, got = [], []
    pending = [
        (10.0 * at + 5, f"o{i}", side, 101 - off if side is Side.BUY else 100 + off, quantity)
        for i, (at, side, off, quantity) in enumerate(sorted(orders, key=lambda o: o[0]))
    ]
    for i, (price, quantity, side) in enumerate([(0, 0, 0), *trades]):
        if i:
            taker = {0: None, 1: Side.BUY, 2: Side.SELL}[side]
            expected += [(name, part, 10.0 * i) for name, part in naive.trade(price, quantity, taker)]
        while pending and (pending[0][0] < 10.0 * (i + 1) or i == len(trades)):
            time_us, name, side_, limit, size = pending.pop(0)
            off = (101 - limit) if side_ is Side.BUY else limit - 100
            ahead = displayed + (off - 1) * (1 if side_ is Side.BUY else 2)
            naive.place(name, side_, limit, Fraction(size), ahead)
            request = OrderRequest(
                name,
                "m",
                "paper",
                "BTC-USDT",
                side_,
                OrderType.LIMIT,
                Decimal(size),
                Decimal(limit),
                TimeInForce.GTC,
                time_us,
            )
            got += venue.advance(time_us)
            venue.submit(request, time_us)
    got += venue.advance(math.inf)
    fills = [(r.client_order_id, Fraction(r.quantity), r.time_us) for r in got if isinstance(r, Filled)]
    assert fills == expected
