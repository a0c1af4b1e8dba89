"""A provider on the clock: what is due is written in order, nothing is lost when readers block, and orders
are filled against what was written."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import anyio
import numpy as np
import pytest

from meltica_compiler.graph.graph import Ingress, ProviderNode
from meltica_compiler.records.layout import record_layout
from meltica_dsl.text.source import Location
from meltica_runtime.dataplane.ingest import Ingest
from meltica_runtime.dataplane.ingress_ring import IngressRing
from meltica_runtime.dataplane.market_batch import MarketCodes
from meltica_runtime.orders.order import (
    Acknowledged,
    BalanceChanged,
    Expired,
    Filled,
    OrderRequest,
    OrderType,
    Side,
    TimeInForce,
)
from meltica_runtime.venues.adapters import ADAPTERS
from meltica_runtime.venues.fake.market import FakeMarket
from meltica_runtime.venues.fake.provider import fake_market_settings
from meltica_runtime.venues.live_provider import LiveProvider, ProviderContext, ProviderState
from meltica_runtime.venues.venue import OrderRefused

START_US = 1_700_000_000_000_000.0
SYMBOLS = {"ETH-USDT": 0, "BTC-USDT": 1}
PAPER = {
    "tick_size": Decimal("0.01"),
    "lot_size": Decimal("0.00001"),
    "min_notional": Decimal(0),
    "fee_maker": Decimal("0.0002"),
    "fee_taker": Decimal("0.0005"),
    "latency": 0.005,
    "balances": None,
}
FAKE = {
    "seed": 7,
    "rate": 50_000.0,
    "volatility": Decimal("0.6"),
    "spread": Decimal("0.0002"),
    "start_price": {"BTC": Decimal(60_000)},
    "kline": 1.0,
    **PAPER,
}


class Bench:
    """A provider with rings, a clock that moves by itself whenever it is read, and a reader."""

    def __init__(
        self, adapter="fake", events=("trade", "ticker"), *, capacity=4_096, trades=True, **settings
    ):
        self.now_us = START_US
        self.step_us = 500.0
        self.reads = True
        self.reports: list = []
        self.read: dict[str, list[bytes]] = {event: [] for event in events}
        self.rings = {
            event: IngressRing(record_layout(event, 5 if event == "book" else 0), capacity)
            for event in events
        }
        self.ingest = Ingest(self.clock)
        ingresses = tuple(
            Ingress(e, capacity, r.layout.depth, r.layout.size, 0) for e, r in self.rings.items()
        )
        defaults = FAKE if adapter == "fake" else {"speed": "max", **PAPER}
        node = ProviderNode(
            "provider:paper", "paper", adapter, tuple(SYMBOLS), {**defaults, **settings}, ingresses, trades,
            Location("maker.mel", 1, 1),
        )  # fmt: skip
        self.node = node
        self.context = ProviderContext(
            code=3,
            symbols=SYMBOLS,
            rings=self.rings,
            ingest=self.ingest,
            pump=self.pump,
            report=self.reports.append,
            seed=None,
            project_root=Path(),
        )
        self.provider: LiveProvider = ADAPTERS[node.adapter].open(node, self.context)

    def clock(self) -> float:
        self.now_us += self.step_us
        return self.now_us

    def pump(self) -> None:
        if not self.reads:
            return
        for event, ring in self.rings.items():
            while ring.released < ring.written:
                window = ring.window(ring.released, ring.capacity)
                self.read[event].extend(row.tobytes() for row in window)
                ring.released += len(window)

    async def run_until(self, reached: Callable[[], bool]) -> None:
        """Runs the provider until something is so, or its end."""
        with anyio.fail_after(20):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self.provider.run)
                while not reached():
                    await anyio.sleep(0)
                tasks.cancel_scope.cancel()

    def records(self, event: str) -> np.ndarray:
        return np.frombuffer(b"".join(self.read[event]), self.rings[event].layout.dtype)

    @property
    def events(self) -> int:
        return self.provider.statistics().events


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


pytestmark = pytest.mark.anyio


async def test_a_provider_is_inert_until_it_runs():
    bench = Bench()
    assert bench.provider.statistics().state is ProviderState.PENDING
    assert bench.ingest.last_seq == 0
    with pytest.raises(OrderRefused, match="not running"):
        await bench.provider.venue.submit(order("a"))


async def test_what_is_written_is_the_market_of_the_seed_numbered_in_order():
    bench = Bench()
    await bench.run_until(lambda: bench.events > 5_000)
    settings = fake_market_settings(bench.node, seed=None, start_us=START_US + bench.step_us)
    market = FakeMarket(settings, MarketCodes(3, SYMBOLS), {"trade": 0, "ticker": 0})
    expected = market.next_batch(bench.events, np.inf)
    for event in ("trade", "ticker"):
        got = bench.records(event)
        assert (got["seq"] == expected.positions[event] + 1).all()
        for name in ("time", "symbol", "provider"):
            assert (got[name] == expected.rows[event][name]).all()
    assert (bench.records("trade")["price"] == expected.rows["trade"]["price"]).all()
    assert bench.ingest.last_seq == bench.events


class Mistaken(Bench):
    """Its clock fails after a while, as only a mistake of ours can make it."""

    def clock(self) -> float:
        if self.ingest.last_seq > 1_000:
            raise ZeroDivisionError("a mistake")
        return super().clock()


async def test_a_fault_that_nobody_foresaw_ends_this_provider_alone(caplog):
    bench = Mistaken()
    await bench.provider.run()
    statistics = bench.provider.statistics()
    assert statistics.events > 1_000
    assert statistics.state is ProviderState.FAILED
    assert statistics.error == "ZeroDivisionError: a mistake"
    assert "Traceback" in caplog.text
    with pytest.raises(OrderRefused, match="not running"):
        await bench.provider.venue.submit(order("a"))


async def test_nothing_comes_before_its_time():
    bench = Bench()
    await bench.run_until(lambda: bench.events > 1_000)
    trades = bench.records("trade")
    assert (trades["time"] <= trades["ingest"]).all()
    assert (np.diff(trades["ingest"]) >= 0).all()


async def test_a_clock_that_is_set_back_stops_the_market_for_a_while():
    bench = Bench()
    backs = iter([20_000.0, 5_000.0])

    def is_over() -> bool:
        if bench.ingest.last_seq > 1_000:
            bench.now_us -= next(backs, 0.0)
        return bench.ingest.last_seq > 5_000

    await bench.run_until(is_over)
    assert (np.diff(bench.records("trade")["time"]) >= 0).all()


async def test_a_blocked_reader_stops_the_market_and_loses_nothing():
    bench = Bench(capacity=256)
    bench.reads = False

    def lag() -> float:
        return bench.provider.statistics().lag_s

    await bench.run_until(lambda: min(ring.room() for ring in bench.rings.values()) == 0 and lag() > 1)
    held = bench.events
    bench.reads = True
    bench.pump()
    again = Bench(capacity=256)
    await again.run_until(lambda: again.events >= held)
    count = len(bench.read["trade"])
    assert bench.records("trade")["price"].tolist() == again.records("trade")["price"][:count].tolist()


async def test_a_provider_that_was_held_up_catches_up():
    bench = Bench(capacity=512)
    bench.reads = False
    seen = []

    def freed() -> bool:
        lag = bench.provider.statistics().lag_s
        if lag > 0.5 and not bench.reads:
            bench.reads = True
            bench.step_us = 0.0
            bench.pump()
            seen.append(lag)
        return bool(seen) and lag < 0.001

    await bench.run_until(freed)
    assert bench.events >= 0.5 * 0.8 * 50_000
    assert (np.diff(np.sort(np.concatenate([bench.records(e)["seq"] for e in bench.rings]))) == 1).all()


def order(name: str, **changes) -> OrderRequest:
    values = {
        "client_order_id": name,
        "instance": "maker",
        "provider": "paper",
        "symbol": "BTC-USDT",
        "side": Side.BUY,
        "type": OrderType.MARKET,
        "quantity": Decimal("0.01"),
        "price": None,
        "time_in_force": TimeInForce.GTC,
        "placed_us": START_US,
    }
    return OrderRequest(**{**values, **changes})


async def test_orders_are_filled_against_the_market_that_was_written():
    bench = Bench(events=("trade",))

    def filled() -> bool:
        return any(isinstance(r, Filled) for r in bench.reports)

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(bench.provider.run)
            while bench.events < 100:
                await anyio.sleep(0)
            await bench.provider.venue.submit(order("a"))
            while not filled():
                await anyio.sleep(0)
            history = await bench.provider.venue.query(order("a"))
            tasks.cancel_scope.cancel()
    told = [r for r in bench.reports if not isinstance(r, BalanceChanged)]
    assert history == tuple(told)
    assert isinstance(told[0], Acknowledged)
    assert told[1].price == pytest.approx(Decimal(60_000), rel=Decimal("0.01"))
    statistics = bench.provider.statistics()
    assert (statistics.orders, statistics.fills) == (1, 1)
    assert statistics.state is ProviderState.STOPPED
    with pytest.raises(OrderRefused):
        await bench.provider.venue.submit(order("b"))


async def test_an_order_of_an_earlier_run_is_said_to_be_gone_at_once():
    gone = await Bench().provider.venue.query(order("earlier"))
    assert [(type(report), report.client_order_id) for report in gone] == [(Expired, "earlier")]


async def test_balances_are_told_at_the_start():
    bench = Bench(balances={"USDT": Decimal(5), "BTC": Decimal("0.1")})
    await bench.run_until(lambda: bench.events > 0)
    told = {r.asset: r.total for r in bench.reports if isinstance(r, BalanceChanged)}
    assert told == {"USDT": Decimal(5), "BTC": Decimal("0.1"), "ETH": Decimal(0)}
    assert all(r.time_us >= START_US for r in bench.reports)


async def test_events_that_only_the_venue_needs_are_not_written():
    bench = Bench(events=("ticker",))
    await bench.run_until(lambda: bench.events > 500)
    assert set(bench.provider.statistics().by_event) == {"ticker"}
    assert bench.records("ticker")["seq"].tolist() == list(range(1, bench.events + 1))


async def test_a_recording_is_played_to_its_end(tmp_path):
    path = tmp_path / "trades.csv"
    lines = ["exchange,symbol,timestamp,local_timestamp,id,side,price,amount"]
    lines += [f"x,BTCUSDT,{1_000 + i * 100},{1_050 + i * 100},{i},buy,{100 + i},1" for i in range(3_000)]
    path.write_text("\n".join(lines) + "\n")
    bench = Bench("replay", ("trade",), capacity=500, path=str(path), format="tardis_trades")
    with anyio.fail_after(20):
        await bench.provider.run()
    assert bench.provider.statistics().state is ProviderState.STOPPED
    assert bench.records("trade")["price"].tolist() == [100.0 + i for i in range(3_000)]


async def test_a_recording_keeps_its_pace_at_a_given_speed(tmp_path):
    path = tmp_path / "trades.csv"
    lines = ["exchange,symbol,timestamp,local_timestamp,id,side,price,amount"]
    lines += [f"x,BTCUSDT,{1_000 + i * 10_000},{i},{i},buy,100,1" for i in range(100)]
    path.write_text("\n".join(lines) + "\n")
    bench = Bench(
        "replay", ("trade",), path=str(path), format="tardis_trades", speed=Decimal(10), trades=False
    )
    with anyio.fail_after(20):
        await bench.provider.run()
    trades = bench.records("trade")
    passed = (trades["ingest"] - START_US) * 10
    assert (passed >= trades["time"] - 1_000).all()
    assert passed[-1] == pytest.approx(990_000, rel=0.2)


async def test_a_recording_that_is_not_there_fails_and_says_so(tmp_path):
    bench = Bench("replay", ("trade",), path=str(tmp_path / "none.csv"), format="tardis_trades")
    await bench.provider.run()
    statistics = bench.provider.statistics()
    assert statistics.state is ProviderState.FAILED
    assert "none.csv: there is no such file" in statistics.error


async def test_instruments_tell_the_trading_rules():
    instrument = Bench().provider.instruments[1]
    assert (instrument.symbol, instrument.tick_size) == ("BTC-USDT", Decimal("0.01"))
