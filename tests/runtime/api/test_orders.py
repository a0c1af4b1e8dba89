"""What became of a strategy's orders can be read."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.anyio

PATH = "/strategy/instances/trader/orders"


async def test_orders_are_listed_newest_first_with_what_became_of_them(api: Any) -> None:
    listing = await api.json(PATH)
    orders = {order["state"]: order for order in listing["orders"]}
    assert listing["count"] == len(listing["orders"]) == 3
    filled, resting, refused = orders["FILLED"], orders["ACKNOWLEDGED"], orders["REJECTED"]
    assert (filled["side"], filled["type"], filled["quantity"]) == ("buy", "market", "0.01")
    assert filled["metadata"]["filledQuantity"] == "0.01"
    assert filled["placedAt"] <= filled["acknowledgedAt"] <= filled["completedAt"] <= filled["updatedAt"]
    assert (resting["price"], resting["strategyInstance"]) == ("20000", "trader")
    assert "completedAt" not in resting
    assert "position in BTC-USDT" in refused["metadata"]["reason"]


async def test_times_are_milliseconds(api: Any) -> None:
    (order,) = (await api.json(f"{PATH}?limit=1"))["orders"]
    (stored,) = await api.gateway.orders.list_orders("trader", 1)
    assert order["placedAt"] == stored.placed_us // 1_000
    assert order["createdAt"] == stored.created_us // 1_000


async def test_a_limit_gives_the_newest(api: Any) -> None:
    whole = await api.json(PATH)
    assert (await api.json(f"{PATH}?limit=2"))["orders"] == whole["orders"][:2]


async def test_states_may_be_repeated_and_spelled_in_small_letters(api: Any) -> None:
    listing = await api.json(f"{PATH}?state=filled&state=REJECTED")
    assert {order["state"] for order in listing["orders"]} == {"FILLED", "REJECTED"}


async def test_orders_can_be_asked_for_by_provider(api: Any) -> None:
    assert (await api.json(f"{PATH}?provider=paper"))["count"] == 3
    assert await api.json(f"{PATH}?provider=elsewhere") == {"orders": [], "count": 0}


async def test_an_instance_without_orders_has_an_empty_list(api: Any) -> None:
    assert await api.json("/strategy/instances/watcher/orders") == {"orders": [], "count": 0}


@pytest.mark.parametrize(
    ("query", "parameter", "allowed"),
    [
        ("limit=0", "limit", "a whole number from 1 to 1000"),
        ("limit=1001", "limit", "a whole number from 1 to 1000"),
        ("limit=many", "limit", "a whole number from 1 to 1000"),
        (
            "state=DONE",
            "state",
            "one of NEW, ACKNOWLEDGED, PARTIALLY_FILLED, FILLED, CANCELLED, REJECTED, EXPIRED",
        ),
        ("provider=", "provider", "1 to 128 characters, none of them a control character"),
        ("provider=%00", "provider", "1 to 128 characters, none of them a control character"),
        ("provider=" + "x" * 129, "provider", "1 to 128 characters, none of them a control character"),
    ],
)
async def test_a_wrong_value_is_named_with_what_is_allowed(
    api: Any, query: str, parameter: str, allowed: str
) -> None:
    response = await api.get(f"{PATH}?{query}")
    assert response.status_code == 400
    (fault,) = response.json()["details"]["faults"]
    assert (fault["parameter"], fault["allowed"]) == (parameter, allowed)
    assert f"parameter `{parameter}`" in response.json()["error"]


async def test_an_unknown_parameter_is_refused_with_the_nearest(api: Any) -> None:
    response = await api.get(f"{PATH}?stat=FILLED")
    assert response.status_code == 400
    assert response.json()["error"] == "there is no parameter `stat`; did you mean `state`?"
    assert response.json()["details"]["faults"] == [
        {"parameter": "stat", "known": ["limit", "provider", "state"]}
    ]
