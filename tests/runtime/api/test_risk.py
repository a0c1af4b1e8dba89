"""The limits that orders have to pass can be read."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.anyio


async def test_the_limits_are_those_of_the_file(api: Any) -> None:
    assert await api.json("/risk/limits?instance=trader") == {
        "limits": {
            "maxPositionSize": "2",
            "maxNotionalValue": "250000",
            "notionalCurrency": "",
            "orderThrottle": 100,
            "orderBurst": 10,
            "maxConcurrentOrders": 0,
            "priceBandPercent": 0.0,
            "allowedOrderTypes": ["limit", "market"],
            "killSwitchEnabled": True,
            "maxRiskBreaches": 50,
            "circuitBreaker": {"enabled": False, "threshold": 0, "cooldown": "0s"},
        }
    }


async def test_with_one_trading_instance_the_gateways_limits_are_its_own(api: Any) -> None:
    assert await api.json("/risk/limits") == await api.json("/risk/limits?instance=trader")


async def test_limits_of_an_instance_that_does_not_trade_are_404(api: Any) -> None:
    response = await api.get("/risk/limits?instance=watcher")
    assert response.status_code == 404
    assert response.json()["error"] == "strategy `watcher` trades nowhere, so that no limits apply to it"


async def test_limits_of_an_unknown_instance_are_404(api: Any) -> None:
    response = await api.get("/risk/limits?instance=nobody")
    assert response.status_code == 404
    assert response.json()["details"]["known"] == ["trader", "watcher"]
