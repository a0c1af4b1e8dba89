"""What is said of all strategies together is true of each order."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from meltica_dsl.model.pipeline import CircuitBreaker, KillSwitch
from meltica_dsl.model.values import Duration, Rate, Ratio
from meltica_runtime.api.aggregate_limits import aggregate_limits
from meltica_runtime.orders.limits import unlimited

SECOND = Duration(10**9)
CAREFUL = replace(
    unlimited("careful"),
    max_position=Decimal(2),
    max_notional=Decimal(1_000),
    notional_currency="USDT",
    order_throttle=Rate(Decimal(60), Duration(60 * 10**9)),
    order_burst=3,
    max_open_orders=4,
    price_band=Ratio(Decimal("0.01")),
    order_types=("limit",),
    kill_switch=KillSwitch(5),
    circuit_breaker=CircuitBreaker(3, Duration(30 * 10**9)),
)
BOLD = replace(
    CAREFUL,
    max_position=Decimal(5),
    order_throttle=Rate(Decimal(2), SECOND),
    order_burst=1,
    order_types=("market",),
    circuit_breaker=CircuitBreaker(9, Duration(60 * 10**9)),
)


def test_one_instance_has_its_own_limits() -> None:
    assert replace(aggregate_limits([CAREFUL]), name="careful") == CAREFUL


def test_of_each_limit_the_widest_counts() -> None:
    both = aggregate_limits([CAREFUL, BOLD])
    assert both.max_position == 5
    assert both.order_throttle == Rate(Decimal(2), SECOND)
    assert both.order_burst == 3
    assert both.order_types == ("limit", "market")
    assert both.circuit_breaker == CircuitBreaker(9, Duration(30 * 10**9))


def test_there_is_no_limit_as_soon_as_one_instance_has_none() -> None:
    both = aggregate_limits([CAREFUL, unlimited("free")])
    assert replace(both, order_burst=1, name="free") == unlimited("free")


def test_amounts_in_different_currencies_are_not_compared() -> None:
    both = aggregate_limits([CAREFUL, replace(CAREFUL, notional_currency="EUR")])
    assert (both.max_notional, both.notional_currency) == (None, None)


def test_without_any_instance_there_is_no_limit() -> None:
    assert aggregate_limits([]).max_position is None
