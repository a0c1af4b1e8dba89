"""Orders and limits that these tests have in common."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import anyio
import pytest

from meltica_dsl.model import Risk
from meltica_runtime.orders.commit import CommitLimits
from meltica_runtime.orders.inquiry import InquiryLimits
from meltica_runtime.orders.journal import EntryRefused, JournalEntry, JournalUnavailable, MemoryJournal
from meltica_runtime.orders.lane import LaneLimits
from meltica_runtime.orders.limits import unlimited
from meltica_runtime.orders.order import (
    Acknowledged,
    Amended,
    Cancelled,
    OrderReport,
    OrderRequest,
    OrderType,
    Side,
    TimeInForce,
)
from meltica_runtime.orders.router_records import RouterLimits
from meltica_runtime.orders.venue import OrderRefused, OutcomeUnknown

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
        return replace(unlimited("careful"), **limits)

    return make


class FakeClock:
    """Microseconds that a test sets."""

    def __init__(self) -> None:
        self.now_us = 1_000_000.0

    def __call__(self) -> float:
        return self.now_us


class LossyJournal(MemoryJournal):
    """A journal that can be blocked, and told to fail or to refuse an entry."""

    def __init__(self) -> None:
        super().__init__(capacity=100_000)
        self.groups: list[int] = []
        self.gate: anyio.Event | None = None
        self.failures = 0
        self.refuse: str | None = None

    async def commit(self, entries: Sequence[JournalEntry]) -> None:
        if self.gate is not None:
            await self.gate.wait()
        if self.failures:
            self.failures -= 1
            raise JournalUnavailable("the disk is full")
        for entry in entries:
            if entry.event_id == self.refuse:
                raise EntryRefused(entry.event_id, "that id exists")
        self.groups.append(len(entries))
        self.write(entries)


class ScriptedVenue:
    """A venue in this process. By default it acknowledges; `script` gives other answers by client order
    id, consumed one a request: `lose` (takes the order, then the answer is lost), `drop` (neither the
    order arrives nor an answer comes), `refuse`, `break`, `hang`."""

    def __init__(self) -> None:
        self.report: Callable[[OrderReport], None] = lambda _report: None
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
                self.say(answer)
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
def journal() -> LossyJournal:
    return LossyJournal()


@pytest.fixture
def make_venue() -> type[ScriptedVenue]:
    return ScriptedVenue


@pytest.fixture
def quick_limits() -> RouterLimits:
    """Router limits with short pauses, so that tests wait for events and not for timers."""
    return RouterLimits(
        commit=CommitLimits(first_backoff_s=0.001, last_backoff_s=0.002),
        lane=LaneLimits(send_timeout_s=0.02),
        inquiry=InquiryLimits(query_timeout_s=0.02, first_backoff_s=0.001, last_backoff_s=0.002),
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
