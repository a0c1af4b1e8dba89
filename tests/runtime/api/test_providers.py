"""The venues of a pipeline can be read."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.anyio


async def test_every_provider_says_how_it_does(api: Any) -> None:
    (provider,) = (await api.json("/providers"))["providers"]
    assert (provider["name"], provider["adapter"], provider["identifier"]) == ("paper", "fake", "fake")
    assert (provider["status"], provider["running"]) == ("running", True)
    assert provider["instrumentCount"] == 2
    assert provider["dependentInstances"] == ["trader", "watcher"]
    assert provider["dependentInstanceCount"] == 2
    assert "startupError" not in provider


async def test_settings_are_json_with_exact_decimals_as_text(api: Any) -> None:
    (provider,) = (await api.json("/providers"))["providers"]
    settings = provider["settings"]
    assert (settings["seed"], settings["rate"], settings["fee_maker"]) == (7, 2000.0, "0.0002")


async def test_one_provider_shows_its_instruments_and_its_adapter(api: Any) -> None:
    detail = await api.json("/providers/paper")
    assert {one["symbol"]: one["baseAsset"] for one in detail["instruments"]} == {
        "BTC-USDT": "BTC",
        "ETH-USDT": "ETH",
    }
    assert detail["instruments"][0]["tickSize"] == "0.01"
    assert detail["adapter"]["identifier"] == "fake"
    assert "orders" in detail["adapter"]["capabilities"]
    seed = next(one for one in detail["adapter"]["settingsSchema"] if one["name"] == "seed")
    assert (seed["type"], seed["default"], seed["required"]) == ("a whole number", 1, False)


async def test_an_unknown_provider_is_404(api: Any) -> None:
    response = await api.get("/providers/papr")
    assert response.status_code == 404
    assert response.json()["error"] == "there is no provider `papr`; did you mean `paper`?"
