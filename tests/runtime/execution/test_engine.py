from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meltica_dsl.model.pipeline import CircuitBreaker, KillSwitch, Risk
from meltica_dsl.model.values import Duration, Rate
from meltica_runtime.execution.engine import DRY_RUN_REASON, EngineLimits, ExecutionEngine
from meltica_runtime.orders.lifecycle import Duplicate, IllegalTransition
from meltica_runtime.orders.limits import RiskLimit, unlimited
from meltica_runtime.orders.order import (
    Acknowledged,
    Amended,
    AmendRequest,
    Cancelled,
    CancelRequest,
    Expired,
    Filled,
    OrderReport,
    OrderRequest,
    OrderState,
    OrderType,
    Rejected,
    RequestFailed,
    Side,
    TimeInForce,
)
from meltica_runtime.orders.outcomes import (
    CancelAccepted,
    Denial,
    Denied,
    DryRun,
    OrderUpdate,
    Placed,
    RequestDenied,
    UnknownOrder,
)

MakeOrder = Callable[..., OrderRequest]
MakeRisk = Callable[..., Risk]
REFERENCE = Decimal(100)
MARKETS = [("paper", "BTC-USDT"), ("paper", "ETH-USDT")]


@pytest.fixture
def engine(make_risk: MakeRisk) -> ExecutionEngine:
    return engine_with(make_risk())


def engine_with(
    risk: Risk, gateway: Risk | None = None, limits: EngineLimits | None = None
) -> ExecutionEngine:
    engine = ExecutionEngine(limits, gateway)
    engine.accounts.register("maker", risk, MARKETS, 0.0, dry_run=False)
    engine.accounts.register("taker", None, MARKETS, 0.0, dry_run=False)
    return engine


def fill(client_order_id: str, execution_id: str, quantity: str, price: str = "100") -> Filled:
    fee = Decimal("0.01")
    amounts = Decimal(quantity), Decimal(price)
    return Filled(client_order_id, execution_id, *amounts, fee, "USDT", True, 5.0)


def refused(placement: object) -> Denied:
    assert isinstance(placement, Denied)
    return placement


def test_an_order_is_followed_from_its_place_to_its_end(
    engine: ExecutionEngine, make_order: MakeOrder
) -> None:
    placed = engine.place(make_order(), REFERENCE, 1.0)
    assert isinstance(placed, Placed)
    assert [order.client_order_id for order in engine.open_orders()] == ["o-1"]

    states = []
    for report in (Acknowledged("o-1", "x-1", 2.0), fill("o-1", "e1", "0.4"), fill("o-1", "e2", "0.6")):
        update = engine.apply(report)
        assert isinstance(update, OrderUpdate)
        states.append(update.seen_as)

    assert states == [OrderState.ACKNOWLEDGED, OrderState.PARTIALLY_FILLED, OrderState.FILLED]
    assert engine.open_orders() == ()
    statistics = engine.statistics()
    assert (statistics.placed, statistics.fills, statistics.filled, statistics.open_orders) == (1, 2, 1, 0)


def test_fills_make_positions(engine: ExecutionEngine, make_order: MakeOrder) -> None:
    engine.place(make_order("buy", quantity="2"), REFERENCE, 1.0)
    engine.place(make_order("sell", side=Side.SELL, quantity="1"), REFERENCE, 1.0)
    for report in (fill("buy", "e1", "2", "100"), fill("sell", "e2", "0.5", "110")):
        engine.apply(report)
    (position,) = engine.accounts.positions()

    assert (position.instance, position.provider, position.symbol) == ("maker", "paper", "BTC-USDT")
    assert (position.net, position.bought, position.sold, position.fills) == (
        Decimal("1.5"),
        Decimal(2),
        Decimal("0.5"),
        2,
    )
    assert (position.spent, position.received) == (Decimal(200), Decimal(55))


def test_a_client_order_id_is_used_once(engine: ExecutionEngine, make_order: MakeOrder) -> None:
    engine.place(make_order(), REFERENCE, 1.0)
    again = refused(engine.place(make_order(quantity="9"), REFERENCE, 1.0))
    assert again.kind is Denial.DUPLICATE
    assert engine.open_orders()[0].quantity == 1

    engine.apply(Cancelled("o-1", 2.0))
    assert refused(engine.place(make_order(), REFERENCE, 3.0)).kind is Denial.DUPLICATE


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"instance": "ghost"}, "no strategy instance 'ghost' is running"),
        ({"client_order_id": ""}, "a client order id has 1 to 64 characters"),
        ({"client_order_id": "x" * 65}, "a client order id has 1 to 64 characters"),
        ({"symbol": "XRP-USDT"}, "maker may not trade XRP-USDT on paper"),
        ({"quantity": "0"}, "the quantity, 0, must be above zero"),
        ({"quantity": "NaN"}, "the quantity, NaN, is not a finite number"),
        ({"price": "1E-17"}, "the price, 1E-17, has more than 16 decimals"),
        ({"price": None}, "a limit order needs a price"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_and_leaves_no_trace(
    engine: ExecutionEngine, make_order: MakeOrder, changes: dict[str, object], reason: str
) -> None:
    answer = refused(engine.place(make_order(**changes), REFERENCE, 1.0))

    assert (answer.kind, answer.reason) == (Denial.INVALID, reason)
    assert answer.update.seen_as is OrderState.REJECTED
    assert engine.statistics().remembered == 0


def test_a_refusal_by_a_limit_is_a_rejected_order_with_its_limit(
    make_order: MakeOrder, make_risk: MakeRisk
) -> None:
    engine = engine_with(make_risk(max_position=Decimal(1), kill_switch=KillSwitch(1)))
    answer = refused(engine.place(make_order(quantity="2"), REFERENCE, 1.0))

    assert (answer.kind, answer.limit) == (Denial.RISK, RiskLimit.MAX_POSITION)
    assert answer.update.order.state is OrderState.REJECTED
    assert [event.limit for event in answer.events] == [RiskLimit.MAX_POSITION, RiskLimit.KILL_SWITCH]
    assert engine.accounts.is_halted("maker")
    assert not engine.accounts.is_halted("taker")


def test_limits_of_the_gateway_hold_for_all_instances_together(
    make_order: MakeOrder, make_risk: MakeRisk
) -> None:
    engine = engine_with(make_risk(), gateway=make_risk(max_position=Decimal(3)))
    engine.place(make_order("a", quantity="2"), REFERENCE, 1.0)
    answer = refused(engine.place(make_order("b", instance="taker", quantity="2"), REFERENCE, 1.0))

    assert answer.limit is RiskLimit.MAX_POSITION
    assert answer.events[0].instance is None


def test_what_the_gateway_refuses_uses_up_nothing_of_the_instance(
    make_order: MakeOrder, make_risk: MakeRisk
) -> None:
    throttled = make_risk(order_throttle=Rate(Decimal(1), Duration(10**9)), max_open_orders=1)
    engine = engine_with(throttled, gateway=make_risk(max_position=Decimal(1)))

    assert (
        refused(engine.place(make_order("a", quantity="2"), REFERENCE, 1.0)).limit is RiskLimit.MAX_POSITION
    )
    assert isinstance(engine.place(make_order("b"), REFERENCE, 1.0), Placed)


def test_a_dry_run_checks_an_order_and_lets_it_expire(make_order: MakeOrder, make_risk: MakeRisk) -> None:
    engine = ExecutionEngine()
    risk = make_risk(max_position=Decimal(1), max_open_orders=1)
    engine.accounts.register("maker", risk, MARKETS, 0.0, dry_run=True)

    for number in range(3):
        dry = engine.place(make_order(f"o-{number}"), REFERENCE, 1.0)
        assert isinstance(dry, DryRun)
        assert (dry.update.seen_as, dry.update.order.reason) == (OrderState.EXPIRED, DRY_RUN_REASON)
    assert refused(engine.place(make_order("much", quantity="2"), REFERENCE, 1.0)).limit
    assert (engine.open_orders(), engine.statistics().dry_runs) == ((), 3)
    assert engine.accounts.positions() == ()


def test_a_halt_stops_new_orders_and_cancels_pass(engine: ExecutionEngine, make_order: MakeOrder) -> None:
    engine.place(make_order(), REFERENCE, 1.0)
    engine.accounts.halt(None, "by hand", 2.0)

    assert refused(engine.place(make_order("o-2"), REFERENCE, 3.0)).limit is RiskLimit.KILL_SWITCH
    assert engine.open_orders()[0].state is OrderState.NEW
    assert isinstance(engine.cancel(CancelRequest("o-1", "maker")), CancelAccepted)
    engine.accounts.reset(None, 4.0)
    assert isinstance(engine.place(make_order("o-3"), REFERENCE, 5.0), Placed)


def test_an_order_belongs_to_its_instance(engine: ExecutionEngine, make_order: MakeOrder) -> None:
    engine.place(make_order(), REFERENCE, 1.0)
    answer = engine.cancel(CancelRequest("o-1", "taker"))

    assert isinstance(answer, RequestDenied)
    assert (answer.kind, answer.reason) == (Denial.UNKNOWN_ORDER, "taker has no open order 'o-1'")


def test_late_repetitions_are_recognised_and_strangers_are_reported(
    engine: ExecutionEngine, make_order: MakeOrder
) -> None:
    engine.place(make_order(), REFERENCE, 1.0)
    engine.apply(fill("o-1", "e1", "1"))

    assert isinstance(engine.apply(fill("o-1", "e1", "1")), Duplicate)
    assert isinstance(engine.apply(Acknowledged("o-1", "x-1", 9.0)), Duplicate)
    assert isinstance(engine.apply(fill("o-1", "e2", "1")), IllegalTransition)
    assert isinstance(engine.apply(fill("o-2", "e1", "1")), UnknownOrder)
    statistics = engine.statistics()
    assert (statistics.duplicates, statistics.illegal, statistics.unknown) == (2, 1, 1)


def test_ended_orders_are_remembered_within_a_window(make_order: MakeOrder, make_risk: MakeRisk) -> None:
    engine = engine_with(make_risk(), limits=EngineLimits(open_orders=2, recently_closed=3))
    for number in range(5):
        engine.place(make_order(f"o-{number}"), REFERENCE, 1.0)
        engine.apply(fill(f"o-{number}", f"e-{number}", "1"))

    assert engine.statistics().remembered == 3
    assert isinstance(engine.apply(fill("o-2", "e-2", "1")), Duplicate)
    assert isinstance(engine.apply(fill("o-1", "e-1", "1")), UnknownOrder)


def test_no_more_orders_are_followed_than_there_is_room_for(
    make_order: MakeOrder, make_risk: MakeRisk
) -> None:
    engine = engine_with(make_risk(), limits=EngineLimits(open_orders=2))
    placements = [engine.place(make_order(f"o-{number}"), REFERENCE, 1.0) for number in range(3)]

    assert refused(placements[2]).kind is Denial.FULL


def test_rejections_by_the_venue_open_the_circuit_breaker(make_order: MakeOrder, make_risk: MakeRisk) -> None:
    engine = engine_with(make_risk(circuit_breaker=CircuitBreaker(2, Duration(10**9))))
    for number in range(2):
        engine.place(make_order(f"o-{number}"), REFERENCE, 1.0)
        update = engine.apply(Rejected(f"o-{number}", 2.0, "no funds"))
    assert isinstance(update, OrderUpdate)
    assert [event.limit for event in update.events] == [RiskLimit.CIRCUIT_BREAKER]

    assert refused(engine.place(make_order("o-3"), REFERENCE, 3.0)).limit is RiskLimit.CIRCUIT_BREAKER
    assert engine.accounts.next_change_us() == 1e6 + 2.0
    (closed,) = engine.accounts.advance(1e6 + 2.0)
    assert not closed.circuit_breaker_open


def test_orders_and_positions_of_an_earlier_run_count(make_order: MakeOrder, make_risk: MakeRisk) -> None:
    earlier = engine_with(make_risk())
    earlier.place(make_order(quantity="2"), REFERENCE, 1.0)
    earlier.apply(fill("o-1", "e1", "1"))

    engine = engine_with(make_risk(max_position=Decimal(3)))
    engine.restore(earlier.open_orders()[0])
    engine.accounts.restore_position("maker", ("paper", "BTC-USDT"), Decimal(1), Decimal(100))

    assert refused(engine.place(make_order("o-2", quantity="1.1"), REFERENCE, 2.0)).limit
    assert isinstance(engine.apply(fill("o-1", "e1", "1")), Duplicate)
    assert isinstance(engine.apply(fill("o-1", "e2", "1")), OrderUpdate)
    assert engine.accounts.positions()[0].net == 2


def test_an_instance_that_leaves_is_followed_to_the_end_of_its_orders(
    engine: ExecutionEngine, make_order: MakeOrder
) -> None:
    engine.place(make_order(), REFERENCE, 1.0)

    assert engine.accounts.withdraw("maker") == 1
    assert refused(engine.place(make_order("o-2"), REFERENCE, 2.0)).kind is Denial.INVALID
    assert isinstance(engine.apply(Expired("o-1", 3.0)), OrderUpdate)
    assert engine.accounts.get("maker") is None
    assert engine.accounts.withdraw("taker") == 0


Step = tuple[str, int, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["buy", "sell", "market", "fill", "end", "amend", "amended", "failed"]),
        st.integers(0, 5),
        st.integers(1, 30),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_what_the_limits_measure_is_what_is_open_and_held(steps: list[Step]) -> None:
    engine = engine_with(unlimited("none"))
    for number, step in enumerate(steps):
        take(engine, number, *step)

    limits = engine.accounts.risk_engine("maker")
    exposure = limits.exposures.at("paper", "BTC-USDT")
    orders = engine.open_orders()
    pending = sum(
        (max(Decimal(0), order.amendment.quantity - order.quantity))  # type: ignore[operator]  # filled in
        for order in orders
        if order.amendment is not None
    )
    position = sum((p.net for p in engine.accounts.positions()), Decimal(0))
    assert limits.exposures.open_orders == len(orders)
    assert exposure.buying + exposure.selling == sum(o.remaining for o in orders) + pending
    assert exposure.position == position == engine.accounts.gateway.exposures.at("paper", "BTC-USDT").position
    if not orders:
        assert (exposure.buy_notional, exposure.sell_notional) == (0, 0)
        assert Fraction(limits.exposures.total("USDT")) == abs(Fraction(position) * Fraction(exposure.mark))


def take(engine: ExecutionEngine, number: int, what: str, which: int, amount: int) -> None:
    quantity, price = Decimal(amount) / 10, Decimal(90 + amount)
    if what in ("buy", "sell", "market"):
        side = Side.SELL if what == "sell" else Side.BUY
        is_market = what == "market"
        type_ = OrderType.MARKET if is_market else OrderType.LIMIT
        request = OrderRequest(
            f"n-{number}",
            "maker",
            "paper",
            "BTC-USDT",
            side,
            type_,
            quantity,
            None if is_market else price,
            TimeInForce.GTC,
            0.0,
        )
        assert isinstance(engine.place(request, REFERENCE, float(number)), Placed)
        return
    orders = engine.open_orders()
    if not orders:
        return
    id_ = orders[which % len(orders)].client_order_id
    reports: dict[str, OrderReport] = {
        "fill": fill(id_, f"e-{number}", str(quantity), str(price)),
        "end": Cancelled(id_, float(number)),
        "amended": Amended(id_, price, quantity, float(number)),
        "failed": RequestFailed(id_, float(number), "no"),
    }
    if what == "amend":
        engine.amend(AmendRequest(id_, "maker", price, quantity), REFERENCE, float(number))
    else:
        engine.apply(reports[what])
