"""Orders and limits that these tests have in common."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import anyio
import pytest
from msgspec import structs

from meltica_dsl.model.pipeline import Risk
from meltica_runtime.execution.engine import ExecutionEngine
from meltica_runtime.execution.faults import Fault
from meltica_runtime.execution.group_commit import CommitLimits
from meltica_runtime.execution.reconciler import ReconcilerLimits
from meltica_runtime.execution.router import OrderRouter, RouterLimits
from meltica_runtime.execution.venue_queue import VenueQueueLimits
from meltica_runtime.orders.limits import unlimited
from meltica_runtime.orders.order import (
    Acknowledged,
    Amended,
    Cancelled,
    OrderReport,
    OrderRequest,
    OrderState,
    OrderType,
    Side,
    TimeInForce,
)
from meltica_runtime.orders.outcomes import Delivery, OrderUpdate, Placement
from meltica_runtime.orders.write_log import EntryRefused, MemoryWriteLog, WriteLogEntry, WriteLogUnavailable
from meltica_runtime.venues.venue import OrderRefused, OutcomeUnknown

MakeOrder = Callable[..., OrderRequest]
MakeRisk = Callable[..., Risk]


@pytest.fixture
def make_order() -> MakeOrder:
    """A limit order to buy 1 BTC at 100 on the paper venue, but for what is given."""

    def make(client_order_id: str = "o-1", **changes: Any) -> OrderRequest:
        for name in ("quantity", "price"):
            if isinstance(changes.get(name), str):
                changes[name] = Decimal(changes[name])
        if changes.get("type") is OrderType.MARKET:
            changes["price"] = None
        order = OrderRequest(
            client_order_id,
            "maker",
            "paper",
            "BTC-USDT",
            Side.BUY,
            OrderType.LIMIT,
            Decimal(1),
            Decimal(100),
            TimeInForce.GTC,
            0.0,
        )
        return replace(order, **changes)

    return make


@pytest.fixture
def make_risk() -> MakeRisk:
    """A risk without any limit, but for those given."""

    def make(**limits: Any) -> Risk:
        return structs.replace(unlimited("careful"), **limits)

    return make


class FakeClock:
    """Microseconds that a test sets."""

    def __init__(self) -> None:
        self.now_us = 1_000_000.0

    def __call__(self) -> float:
        return self.now_us


async def _pass() -> None:
    """What happens at a point where nothing happens."""


class LossyWriteLog(MemoryWriteLog):
    """A write log that can be blocked, and told to fail or to refuse an entry. `point` is awaited before
    and after a group is stored."""

    def __init__(self) -> None:
        super().__init__(capacity=100_000)
        self.point = _pass
        self.groups: list[int] = []
        self.gate: anyio.Event | None = None
        self.failures = 0
        self.refuse: str | None = None

    async def commit(self, entries: Sequence[WriteLogEntry]) -> None:
        if self.gate is not None:
            await self.gate.wait()
        if self.failures:
            self.failures -= 1
            raise WriteLogUnavailable("the disk is full")
        for entry in entries:
            if entry.event_id == self.refuse:
                raise EntryRefused(entry.event_id, "that id exists")
        await self.point()
        self.groups.append(len(entries))
        self.write(entries)
        await self.point()


class ScriptedVenue:
    """A venue in this process. By default it acknowledges; `script` gives other answers by client order
    id, consumed one a request: `lose` (takes the order, then the answer is lost), `drop` (neither the
    order arrives nor an answer comes), `refuse`, `break`, `hang`. `point` is awaited when a request has
    left, when it has arrived, and when its answer was reported."""

    on_paper = False

    def __init__(self) -> None:
        self.report: Callable[[OrderReport], None] = lambda _report: None
        self.point = _pass
        self.requests: list[tuple[str, str]] = []
        self.orders: dict[str, list[OrderReport]] = {}
        self.script: dict[str, list[str]] = {}
        self.is_reachable = True
        self.queries = 0

    async def submit(self, order: OrderRequest) -> None:
        id_ = order.client_order_id
        await self._request("submit", order, Acknowledged(id_, f"x-{id_}", 0.0))

    async def cancel(self, order: OrderRequest) -> None:
        await self._request("cancel", order, Cancelled(order.client_order_id, 0.0))

    async def amend(self, order: OrderRequest, price: Decimal, quantity: Decimal) -> None:
        await self._request("amend", order, Amended(order.client_order_id, price, quantity, 0.0))

    async def query(self, order: OrderRequest) -> tuple[OrderReport, ...] | None:
        self.queries += 1
        if not self.is_reachable:
            raise OutcomeUnknown("no route to the venue")
        reports = self.orders.get(order.client_order_id)
        return None if reports is None else tuple(reports)

    def say(self, report: OrderReport) -> None:
        """What the venue does by itself: it happens, and is reported."""
        self.orders.setdefault(report.client_order_id, []).append(report)
        self.report(report)

    async def _request(self, kind: str, order: OrderRequest, answer: OrderReport) -> None:
        self.requests.append((kind, order.client_order_id))
        script = self.script.get(order.client_order_id)
        match script.pop(0) if script else "answer":
            case "answer":
                await self.point()
                self.orders.setdefault(order.client_order_id, []).append(answer)
                await self.point()
                self.report(answer)
                await self.point()
            case "lose":
                self.orders.setdefault(order.client_order_id, []).append(answer)
                raise OutcomeUnknown("the connection was lost")
            case "drop":
                raise OutcomeUnknown("timed out")
            case "refuse":
                raise OrderRefused("insufficient funds")
            case "break":
                raise ValueError("an adapter's own mistake")
            case "hang":
                await anyio.sleep_forever()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def write_log() -> LossyWriteLog:
    return LossyWriteLog()


@pytest.fixture
def quick_limits() -> RouterLimits:
    """Router limits with short pauses, so that tests wait for events and not for timers."""
    return RouterLimits(
        commit=CommitLimits(first_backoff_s=0.001, last_backoff_s=0.002),
        venue_queue=VenueQueueLimits(send_timeout_s=0.02),
        reconciler=ReconcilerLimits(query_timeout_s=0.02, first_backoff_s=0.001, last_backoff_s=0.002),
        risk_tick_s=0.001,
        stop_s=5.0,
    )


@pytest.fixture
def eventually() -> Callable[..., Awaitable[None]]:
    """Waits until something holds, at most five seconds."""

    async def wait(holds: Callable[[], bool]) -> None:
        with anyio.fail_after(5):
            while not holds():
                await anyio.sleep(0.001)

    return wait


class Gateway:
    """An order router with its engine, write log and venues, and all that came out of it."""

    def __init__(
        self,
        write_log: LossyWriteLog,
        venues: dict[str, ScriptedVenue],
        clock: FakeClock,
        limits: RouterLimits,
        risk: Risk,
    ) -> None:
        self.write_log = write_log
        self.venues = venues
        self.deliveries: list[Delivery] = []
        self.faults: list[Fault] = []
        self.engine = ExecutionEngine()
        markets = [(name, "BTC-USDT") for name in ("paper", "okx")]
        self.engine.accounts.register("maker", risk, markets, 0.0, dry_run=False)
        self.engine.accounts.register("dry", risk, markets, 0.0, dry_run=True)
        self.router = OrderRouter(
            self.engine, write_log, venues, self.deliveries.append, self.faults.append, clock, limits
        )
        for venue in venues.values():
            venue.report = self.router.on_report

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with anyio.create_task_group() as tasks:
            await tasks.start(self.router.run)
            yield
            tasks.cancel_scope.cancel()

    def submit(self, request: OrderRequest) -> Placement:
        return self.router.submit(request, Decimal(100))

    def state(self, client_order_id: str) -> OrderState | None:
        order = self.engine.order(client_order_id)
        return None if order is None else order.state

    def seen(self, client_order_id: str) -> list[OrderState | None]:
        """What the strategy saw of an order."""
        return [
            delivery.seen_as
            for delivery in self.deliveries
            if isinstance(delivery, OrderUpdate) and delivery.order.client_order_id == client_order_id
        ]


@pytest.fixture
def make_gateway(
    write_log: LossyWriteLog, clock: FakeClock, quick_limits: RouterLimits, make_risk: MakeRisk
) -> Callable[..., Gateway]:
    """A gateway with a venue `paper` and a venue `okx`, but for what is given."""

    def make(**changes: Any) -> Gateway:
        venues = changes.get("venues") or {"paper": ScriptedVenue(), "okx": ScriptedVenue()}
        limits, risk = changes.get("limits", quick_limits), changes.get("risk") or make_risk()
        return Gateway(changes.get("write_log", write_log), venues, clock, limits, risk)

    return make
