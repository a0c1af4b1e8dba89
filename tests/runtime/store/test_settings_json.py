"""Settings become JSON without what must stay secret."""

from __future__ import annotations

import json
from decimal import Decimal

from meltica_dsl.model.values import Secret
from meltica_runtime.store.catalog import settings_json


def test_of_a_secret_only_its_name_is_shown() -> None:
    assert settings_json({"api_key": Secret("OKX_API_KEY")}) == {"api_key": {"secret": "OKX_API_KEY"}}


def test_every_kind_of_value_is_json() -> None:
    settings = {
        "fee": Decimal("0.00020"),
        "rate": 5.0,
        "seed": 7,
        "quiet": True,
        "path": "a.csv",
        "balances": {"BTC": Decimal(2)},
        "urls": ("wss://a", "wss://b"),
        "left_out": None,
    }
    assert json.loads(json.dumps(settings_json(settings))) == {
        "fee": "0.0002",
        "rate": 5.0,
        "seed": 7,
        "quiet": True,
        "path": "a.csv",
        "balances": {"BTC": "2"},
        "urls": ["wss://a", "wss://b"],
        "left_out": None,
    }
