from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from meltica_dsl.model.pipeline import CircuitBreaker, KillSwitch, Risk
from meltica_dsl.model.values import Duration, Rate, Ratio
from meltica_runtime.execution.risk_document import LimitFault, limits_document, updated_limits
from meltica_runtime.orders.limits import unlimited

MakeRisk = Callable[..., Risk]
SECOND = Duration(10**9)
MINUTE = Duration(60 * 10**9)


@pytest.fixture
def careful(make_risk: MakeRisk) -> Risk:
    return make_risk(
        max_position=Decimal(2),
        max_notional=Decimal(250_000),
        notional_currency="USDT",
        order_throttle=Rate(Decimal(5), SECOND),
        symbol_throttle=Rate(Decimal(2), SECOND),
        order_burst=10,
        max_open_orders=6,
        price_band=Ratio(Decimal("0.02")),
        order_types=("limit", "market"),
        kill_switch=KillSwitch(5),
        circuit_breaker=CircuitBreaker(3, Duration(90 * 10**9)),
    )


def test_limits_are_written_in_the_shape_of_the_api(careful: Risk) -> None:
    assert limits_document(careful) == {
        "maxPositionSize": "2",
        "maxNotionalValue": "250000",
        "notionalCurrency": "USDT",
        "orderThrottle": 5,
        "orderBurst": 10,
        "maxConcurrentOrders": 6,
        "priceBandPercent": 2.0,
        "allowedOrderTypes": ["limit", "market"],
        "killSwitchEnabled": True,
        "maxRiskBreaches": 5,
        "circuitBreaker": {"enabled": True, "threshold": 3, "cooldown": "1m30s"},
    }


def test_an_update_changes_what_it_says_and_nothing_else(careful: Risk) -> None:
    document = limits_document(careful) | {
        "maxPositionSize": "2.5",
        "orderThrottle": 0,
        "priceBandPercent": 0.5,
        "killSwitchEnabled": False,
        "circuitBreaker": {"enabled": True, "threshold": 4.0, "cooldown": "500ms"},
    }
    updated = updated_limits(careful, document)

    assert isinstance(updated, Risk)
    assert updated.max_position == Decimal("2.5")
    assert updated.order_throttle is None
    assert updated.price_band == Ratio(Decimal("0.005"))
    assert updated.kill_switch is None
    assert updated.circuit_breaker == CircuitBreaker(4, Duration(500_000_000))
    assert (updated.symbol_throttle, updated.max_notional) == (careful.symbol_throttle, careful.max_notional)


def amounts() -> st.SearchStrategy[Decimal | None]:
    return st.none() | st.decimals(min_value=Decimal("0.0001"), max_value=Decimal(10**9), places=4)


@given(
    amounts(),
    amounts(),
    st.none()
    | st.builds(Rate, st.sampled_from([Decimal("0.5"), Decimal(1000)]), st.just(Duration(60 * 10**9))),
    st.none() | st.integers(1, 100),
    st.none() | st.builds(Ratio, st.decimals(min_value=Decimal("0.0001"), max_value=1, places=4)),
    st.none() | st.builds(CircuitBreaker, st.integers(1, 9), st.builds(Duration, st.integers(1, 10**14))),
)
def test_the_document_of_the_present_limits_changes_nothing(
    position: Decimal | None,
    notional: Decimal | None,
    throttle: Rate | None,
    most: int | None,
    band: Ratio | None,
    breaker: CircuitBreaker | None,
) -> None:
    risk = replace(
        unlimited("careful"),
        max_position=position,
        max_notional=notional,
        order_throttle=throttle,
        max_open_orders=most,
        price_band=band,
        circuit_breaker=breaker,
    )
    document = json.loads(json.dumps(limits_document(risk)))

    assert updated_limits(risk, document | {"allowedOrderTypes": ["limit", "market"]}) == risk


A_DECIMAL = 'must be a decimal number in a string, such as "2.5", or "0" for no limit'
A_TYPE = "must be a list with at least one of limit, market"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("maxPositionSize", 2, A_DECIMAL),
        ("maxPositionSize", "many", A_DECIMAL),
        ("maxNotionalValue", "-1", "must be above zero (0 is no limit)"),
        ("maxNotionalValue", "NaN", "is not a finite number (0 is no limit)"),
        ("notionalCurrency", "US DT", 'must be an asset such as "USDT", or "" for none'),
        ("orderThrottle", 1.5, "must be a whole number from 0 to 1000000"),
        ("orderThrottle", True, "must be a whole number from 0 to 1000000"),
        ("orderBurst", 0, "must be a whole number from 1 to 1000000"),
        ("maxConcurrentOrders", -1, "must be a whole number from 0 to 1000000"),
        ("priceBandPercent", 101, "must be a number of percent from 0 to 100; 0 is no limit"),
        ("allowedOrderTypes", [], A_TYPE),
        ("allowedOrderTypes", ["stop"], A_TYPE),
        ("killSwitchEnabled", "yes", "must be true or false"),
        ("maxRiskBreaches", 0, "must be a whole number from 1 to 1000000"),
        ("circuitBreaker", 3, "must be an object with enabled, threshold and cooldown"),
        ("maxPositonSize", "1", "is not a limit; did you mean `maxPositionSize`?"),
    ],
)
def test_a_wrong_value_is_named_and_nothing_is_changed(
    careful: Risk, key: str, value: object, message: str
) -> None:
    document = limits_document(careful) | {key: value}

    assert updated_limits(careful, document) == (LimitFault(key, message),)


@pytest.mark.parametrize("cooldown", ["30", "soon", "", "0s", 30, "1m 30s", "-5s"])
def test_a_cooldown_is_a_duration(careful: Risk, cooldown: object) -> None:
    breaker = {"enabled": True, "threshold": 3, "cooldown": cooldown}
    faults = updated_limits(careful, limits_document(careful) | {"circuitBreaker": breaker})

    assert isinstance(faults, tuple)
    assert [fault.path for fault in faults] == ["circuitBreaker.cooldown"]


def test_all_that_is_missing_is_said_at_once(careful: Risk) -> None:
    faults = updated_limits(careful, {"circuitBreaker": {"enabled": True}})

    assert isinstance(faults, tuple)
    assert len(faults) == 12
    assert {fault.message for fault in faults} == {"is missing: an update names every limit"}


def test_the_document_has_exactly_the_keys_of_the_contract(careful: Risk) -> None:
    contract = Path(__file__).parents[4] / "shared" / "contract" / "control-api.openapi.json"
    if not contract.exists():
        pytest.skip(f"{contract} is not here")
    schema = json.loads(contract.read_text())["components"]["schemas"]["RiskConfig"]

    assert set(limits_document(careful)) == set(schema["properties"]) == set(schema["required"])
