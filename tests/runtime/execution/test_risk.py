from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from meltica_dsl.model.pipeline import CircuitBreaker, KillSwitch, Risk
from meltica_dsl.model.values import Duration, Rate, Ratio
from meltica_runtime.execution.risk import RiskEngine, new_order_proposal
from meltica_runtime.orders.limits import Breach, Passed, RiskEvent, RiskLimit, RiskStatus
from meltica_runtime.orders.order import OrderRequest, OrderType, Side

SECOND = Duration(10**9)
REFERENCE = Decimal(100)

MakeOrder = Callable[..., OrderRequest]
MakeRisk = Callable[..., Risk]


class LimitProbe:
    """An engine and its orders, without their lives."""

    def __init__(self, risk: Risk) -> None:
        self.engine = RiskEngine(risk, "maker")
        self.events: list[RiskEvent] = []

    def ask(
        self, request: OrderRequest, reference: Decimal | None = REFERENCE, now_us: float = 0.0
    ) -> RiskLimit | None:
        """Offers an order, and follows what the engine says; the limit that refused it."""
        exposure = self.engine.exposures.at(request.provider, request.symbol)
        self.events += self.engine.advance(now_us)
        if reference is not None:
            self.engine.exposures.mark(exposure, reference)
        proposal = new_order_proposal(request, reference)
        decision = self.engine.check(proposal, exposure, now_us)
        if isinstance(decision, Breach):
            self.events += self.engine.breached(decision, now_us)
            return decision.limit
        assert isinstance(decision, Passed)
        self.events += self.engine.admit(proposal, exposure, now_us)
        return None

    def hold(self, position: str, symbol: str = "BTC-USDT", mark: str = "100") -> None:
        exposure = self.engine.exposures.at("paper", symbol)
        self.engine.exposures.hold(exposure, Decimal(position), Decimal(mark))

    def seen(self) -> list[tuple[RiskLimit, RiskStatus]]:
        return [(event.limit, event.status) for event in self.events]


def test_the_worst_position_counts_the_open_orders_of_its_side_only(
    make_order: MakeOrder, make_risk: MakeRisk
) -> None:
    probe = LimitProbe(make_risk(max_position=Decimal(2)))
    probe.hold("1")

    assert probe.ask(make_order(quantity="0.6")) is None
    assert probe.ask(make_order(quantity="0.4")) is None
    assert probe.ask(make_order(quantity="0.0001")) is RiskLimit.MAX_POSITION
    assert probe.ask(make_order(side=Side.SELL, quantity="3")) is None
    assert probe.ask(make_order(side=Side.SELL, quantity="0.0001")) is RiskLimit.MAX_POSITION


def test_an_order_that_brings_a_position_back_passes_above_the_limit(
    make_order: MakeOrder, make_risk: MakeRisk
) -> None:
    probe = LimitProbe(make_risk(max_position=Decimal(2), max_notional=Decimal(100)))
    probe.hold("5")

    assert probe.ask(make_order(side=Side.SELL, quantity="5")) is None
    assert probe.ask(make_order(quantity="0.1")) is RiskLimit.MAX_POSITION


def test_notional_is_the_position_and_the_open_orders_of_its_worse_side(
    make_order: MakeOrder, make_risk: MakeRisk
) -> None:
    probe = LimitProbe(make_risk(max_notional=Decimal(300), notional_currency="USDT"))
    probe.hold("1")

    assert probe.ask(make_order(quantity="1", price="99")) is None  # long 100 + 99
    assert probe.ask(make_order(side=Side.SELL, quantity="3", price="99")) is None  # short -100 + 297
    assert probe.ask(make_order(quantity="1.03", price="99")) is RiskLimit.MAX_NOTIONAL
    assert probe.ask(make_order(quantity="1.01", price="100")) is None
    assert probe.engine.exposures.total("USDT") == Decimal(300)


def test_notional_is_summed_over_the_symbols_of_a_currency(
    make_order: MakeOrder, make_risk: MakeRisk
) -> None:
    probe = LimitProbe(make_risk(max_notional=Decimal(250)))

    assert probe.ask(make_order(quantity="2")) is None
    assert probe.ask(make_order(symbol="ETH-USDT", quantity="1")) is RiskLimit.MAX_NOTIONAL
    assert probe.ask(make_order(symbol="ETH-EUR", quantity="2")) is None


def test_a_symbol_of_another_currency_is_refused_for_want_of_a_price(
    make_order: MakeOrder, make_risk: MakeRisk
) -> None:
    probe = LimitProbe(make_risk(max_notional=Decimal(250), notional_currency="USDT"))

    assert probe.ask(make_order(symbol="ETH-EUR")) is RiskLimit.MAX_NOTIONAL


def test_a_market_order_is_worth_the_reference_and_refused_without_one(
    make_order: MakeOrder, make_risk: MakeRisk
) -> None:
    probe = LimitProbe(make_risk(max_notional=Decimal(250)))
    market = make_order(type=OrderType.MARKET, quantity="2")

    assert probe.ask(market, None) is RiskLimit.REFERENCE_PRICE
    assert probe.ask(market, Decimal("125.01")) is RiskLimit.MAX_NOTIONAL
    assert probe.ask(market, Decimal(125)) is None


@pytest.mark.parametrize(
    ("price", "refused"), [("98", None), ("97.99", RiskLimit.PRICE_BAND), ("102.0001", RiskLimit.PRICE_BAND)]
)
def test_a_price_outside_the_band_is_refused(
    make_order: MakeOrder, make_risk: MakeRisk, price: str, refused: RiskLimit | None
) -> None:
    probe = LimitProbe(make_risk(price_band=Ratio(Decimal("0.02"))))

    assert probe.ask(make_order(price=price)) is refused


def test_a_price_band_without_a_reference_refuses(make_order: MakeOrder, make_risk: MakeRisk) -> None:
    probe = LimitProbe(make_risk(price_band=Ratio(Decimal("0.02"))))

    assert probe.ask(make_order(), None) is RiskLimit.REFERENCE_PRICE


def test_a_reason_says_how_far_and_how_much_is_allowed(make_order: MakeOrder, make_risk: MakeRisk) -> None:
    engine = RiskEngine(make_risk(price_band=Ratio(Decimal("0.02"))), "maker")
    request = make_order(price="104.5")
    breach = engine.check(
        new_order_proposal(request, REFERENCE), engine.exposures.at("paper", "BTC-USDT"), 0.0
    )

    assert breach == Breach(RiskLimit.PRICE_BAND, "price 104.5 is 4.50% from the reference 100, more than 2%")


def test_only_listed_order_types_pass(make_order: MakeOrder, make_risk: MakeRisk) -> None:
    probe = LimitProbe(make_risk(order_types=("limit",)))

    assert probe.ask(make_order()) is None
    assert probe.ask(make_order(type=OrderType.MARKET)) is RiskLimit.ORDER_TYPES


def test_no_more_orders_are_open_than_allowed(make_order: MakeOrder, make_risk: MakeRisk) -> None:
    probe = LimitProbe(make_risk(max_open_orders=2))

    assert [probe.ask(make_order()) for _ in range(3)] == [None, None, RiskLimit.MAX_OPEN_ORDERS]


def test_throttles_hold_for_all_orders_and_for_each_symbol(
    make_order: MakeOrder, make_risk: MakeRisk
) -> None:
    throttles = {"order_throttle": Rate(Decimal(4), SECOND), "symbol_throttle": Rate(Decimal(2), SECOND)}
    probe = LimitProbe(make_risk(order_burst=1, **throttles))

    def ask(symbol: str, ms: int) -> RiskLimit | None:
        return probe.ask(make_order(symbol=symbol), now_us=ms * 1e3)

    assert ask("BTC-USDT", 0) is None
    assert ask("ETH-USDT", 0) is RiskLimit.ORDER_THROTTLE
    assert ask("BTC-USDT", 250) is RiskLimit.SYMBOL_THROTTLE
    assert ask("ETH-USDT", 250) is None
    assert ask("BTC-USDT", 500) is None


def test_a_refused_order_uses_no_token(make_order: MakeOrder, make_risk: MakeRisk) -> None:
    probe = LimitProbe(
        make_risk(max_position=Decimal(1), order_throttle=Rate(Decimal(1), SECOND), order_burst=1)
    )

    assert probe.ask(make_order(quantity="2")) is RiskLimit.MAX_POSITION
    assert probe.ask(make_order(quantity="1")) is None


def test_the_kill_switch_engages_after_so_many_breaches_and_holds_until_it_is_reset(
    make_order: MakeOrder, make_risk: MakeRisk
) -> None:
    probe = LimitProbe(make_risk(max_position=Decimal(1), kill_switch=KillSwitch(2)))
    too_much = make_order(quantity="2")

    asked = [probe.ask(order) for order in (too_much, make_order(quantity="0.1"), too_much, make_order())]

    assert asked == [RiskLimit.MAX_POSITION, None, RiskLimit.MAX_POSITION, RiskLimit.KILL_SWITCH]
    assert probe.events[-1].kill_switch_engaged
    probe.events += probe.engine.reset(1e12)
    assert probe.seen()[-1] == (RiskLimit.KILL_SWITCH, RiskStatus.CLEARED)
    assert probe.ask(make_order(quantity="0.1"), now_us=1e12) is None


def test_the_circuit_breaker_opens_after_breaches_in_a_row_and_closes_after_its_cooldown(
    make_order: MakeOrder, make_risk: MakeRisk
) -> None:
    breaker = CircuitBreaker(2, Duration(30 * 10**9))
    probe = LimitProbe(make_risk(max_position=Decimal(1), circuit_breaker=breaker))
    too_much = make_order(quantity="2")

    assert probe.ask(too_much) is RiskLimit.MAX_POSITION
    probe.engine.accepted()
    assert probe.ask(too_much) is RiskLimit.MAX_POSITION
    probe.events += probe.engine.rejected("no funds", 5e6)
    assert probe.engine.next_change_us == 35e6
    assert probe.ask(make_order(quantity="0.1"), now_us=34.9e6) is RiskLimit.CIRCUIT_BREAKER
    assert probe.ask(make_order(quantity="0.1"), now_us=35e6) is None
    assert probe.seen() == [
        (RiskLimit.MAX_POSITION, RiskStatus.TRIGGERED),
        (RiskLimit.CIRCUIT_BREAKER, RiskStatus.TRIGGERED),
        (RiskLimit.CIRCUIT_BREAKER, RiskStatus.CLEARED),
        (RiskLimit.MAX_POSITION, RiskStatus.CLEARED),
    ]


def test_orders_that_a_breaker_stops_do_not_keep_it_open(make_order: MakeOrder, make_risk: MakeRisk) -> None:
    probe = LimitProbe(make_risk(max_position=Decimal(1), circuit_breaker=CircuitBreaker(1, SECOND)))
    probe.ask(make_order(quantity="2"))

    asked = [probe.ask(make_order(quantity="0.1"), now_us=ms * 1e3) for ms in range(0, 1100, 100)]

    assert asked == [RiskLimit.CIRCUIT_BREAKER] * 10 + [None]


def test_a_limit_that_stays_touched_is_reported_once(make_order: MakeOrder, make_risk: MakeRisk) -> None:
    probe = LimitProbe(make_risk(max_position=Decimal(1)))
    for _ in range(5):
        probe.ask(make_order(quantity="2"))

    assert probe.seen() == [(RiskLimit.MAX_POSITION, RiskStatus.TRIGGERED)]
    assert probe.engine.breaches == 5


def test_new_limits_hold_at_once_and_an_engaged_switch_stays_engaged(
    make_order: MakeOrder, make_risk: MakeRisk
) -> None:
    probe = LimitProbe(make_risk(max_position=Decimal(1), kill_switch=KillSwitch(1)))
    probe.ask(make_order(quantity="2"))
    probe.engine.use(make_risk(max_position=Decimal(3)), 0.0)

    assert probe.ask(make_order(quantity="2")) is RiskLimit.KILL_SWITCH
    probe.engine.reset(0.0)
    assert probe.ask(make_order(quantity="2")) is None


def test_a_throttle_that_does_not_change_keeps_its_tokens(make_order: MakeOrder, make_risk: MakeRisk) -> None:
    throttled: dict[str, Any] = {"order_throttle": Rate(Decimal(1), SECOND), "order_burst": 1}
    probe = LimitProbe(make_risk(**throttled))
    probe.ask(make_order())
    probe.engine.use(make_risk(max_open_orders=9, **throttled), 0.0)
    assert probe.ask(make_order()) is RiskLimit.ORDER_THROTTLE

    probe.engine.use(make_risk(order_throttle=Rate(Decimal(1), SECOND), order_burst=2), 0.0)
    assert probe.ask(make_order()) is None


def test_an_engine_without_limits_still_wants_a_price_for_a_market_order(
    make_order: MakeOrder, make_risk: MakeRisk
) -> None:
    probe = LimitProbe(make_risk())

    assert probe.ask(make_order(type=OrderType.MARKET), None) is RiskLimit.REFERENCE_PRICE
    assert probe.ask(make_order(type=OrderType.MARKET)) is None
