"""The fills of a strategy's orders can be read."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.anyio

PATH = "/strategy/instances/trader/executions"


async def test_fills_are_listed_with_price_fee_and_liquidity(api: Any) -> None:
    listing = await api.json(PATH)
    assert listing["count"] == len(listing["executions"]) >= 1
    (order,) = (await api.json("/strategy/instances/trader/orders?state=FILLED"))["orders"]
    assert {fill["orderId"] for fill in listing["executions"]} == {order["id"]}
    fill = listing["executions"][0]
    assert fill["liquidity"] == "taker"
    assert fill["feeAsset"] == "BTC"
    assert fill["metadata"] == {"symbol": "BTC-USDT", "side": "buy"}
    assert fill["tradedAt"] <= fill["createdAt"]


async def test_fills_can_be_asked_for_by_order_and_provider(api: Any) -> None:
    (order,) = (await api.json("/strategy/instances/trader/orders?state=FILLED"))["orders"]
    assert (await api.json(f"{PATH}?orderId={order['id']}&provider=paper"))["count"] >= 1
    assert (await api.json(f"{PATH}?orderId=another"))["count"] == 0
    assert (await api.json(f"{PATH}?limit=1"))["count"] == 1


async def test_a_parameter_has_the_name_of_the_contract_only(api: Any) -> None:
    response = await api.get(f"{PATH}?order_id=x")
    assert response.status_code == 400
    assert response.json()["error"] == "there is no parameter `order_id`; did you mean `orderId`?"
