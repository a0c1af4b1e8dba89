"""A strategy's config reaches JavaScript as the plain values that its module declares."""

from __future__ import annotations

from decimal import Decimal

from meltica_compiler.modules.metadata import ConfigField, ConfigType
from meltica_compiler.modules.strategy_config import read_config
from meltica_dsl.load import load


def strategy(config):
    loaded = load("t.mel", f'pipeline p strategy s = "noop" {{ config {{ {config} }} }}', {})
    assert not loaded.diagnostics
    return loaded.pipeline.strategies[0]


def fields(**types):
    return [ConfigField(name, type, "", None, False) for name, type in types.items()]


def test_values_become_what_javascript_gets():
    config = """
      a = "text", b = 3, c = 5bps, d = true, e = 1m30s, f = BTC-USDT,
      g = [1, 2%, ETH-USDT, [250ms]], h = { x = 5/s, y = 1KiB, z = word }
    """
    declared = fields(
        a=ConfigType.STRING,
        b=ConfigType.INT,
        c=ConfigType.FLOAT,
        d=ConfigType.BOOL,
        e=ConfigType.DURATION,
        f=ConfigType.SYMBOL,
        g=ConfigType.LIST,
        h=ConfigType.OBJECT,
    )
    result = read_config(strategy(config), declared)
    assert result.diagnostics == ()
    assert result.values == {
        "a": "text",
        "b": 3,
        "c": Decimal("0.0005"),
        "d": True,
        "e": "1m30s",
        "f": "BTC-USDT",
        "g": (Decimal(1), Decimal("0.02"), "ETH-USDT", ("250ms",)),
        "h": {"x": 5.0, "y": 1024, "z": "word"},
    }


def test_defaults_are_filled_in_and_the_rest_stays_away():
    declared = [
        ConfigField("size", ConfigType.FLOAT, "", Decimal("0.5"), False),
        ConfigField("list", ConfigType.LIST, "", [1, {"a": None}], False),
        ConfigField("none", ConfigType.INT, "", None, False),
    ]
    assert read_config(strategy(""), declared).values == {"size": Decimal("0.5"), "list": (1, {"a": None})}


def test_a_required_key_has_to_be_there_unless_it_was_misspelt():
    declared = [ConfigField("size", ConfigType.FLOAT, "how much", None, True)]
    missing = read_config(strategy(""), declared).diagnostics
    assert [d.code for d in missing] == ["E0524"]
    assert missing[0].notes == ("`size`: how much",)
    misspelt = read_config(strategy("syze = 1"), declared).diagnostics
    assert [d.code for d in misspelt] == ["E0522"]


def test_what_was_probably_meant_is_a_fix():
    declared = fields(mode=ConfigType.STRING, wait=ConfigType.DURATION)
    diagnostics = read_config(strategy("mode = fast, wait = 5"), declared).diagnostics
    assert [d.fixes[0].edits[0].replacement for d in diagnostics] == ['"fast"', "5s"]
