"""A mistake is reported where it is, and not once more where its effects are."""

from __future__ import annotations

from pathlib import Path

import pytest

from meltica_compiler.compile import CompileOptions, compile_text

STRATEGIES = Path(__file__).parents[2] / "strategies"

FRAME = """
pipeline p
let LIVE = env("LIVE", false)
provider paper { adapter = fake, symbols = [BTC-USDT] }
pool market { events = 8, on_full = block }
route trades via market = paper.trade -> maker, tape
strategy maker = "market-making" { trade_on = paper, risk = careful, config { size = 1 } }
risk careful { max_position = 1 }
sink tape = log
"""


def found(**given: str):
    """What is wrong with the frame, with other declarations in the place of those of the same beginning."""
    lines = FRAME.splitlines()
    for beginning, line in given.items():
        lines = [line if old.startswith(beginning) else old for old in lines]
    options = CompileOptions(STRATEGIES, require_registry=False, environ={"LIVE": "yes"})
    return compile_text("p.mel", "\n".join(lines), options).diagnostics


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"strategy": 'strategy maker = "market-making" { config { size = if LIVE then 1 else 2 } }'},
        {"strategy": 'strategy maker = "market-making" { config = { size = if LIVE then 1 else 2 } }'},
        {"strategy": 'strategy maker = "market-making" { config = if LIVE then { size = 1 } else {} }'},
        {
            "strategy": 'strategy maker = "market-making" { trade_on = paper, config { size = 1 } '
            "risk = if LIVE then careful else careful }"
        },
        {"strategy": 'strategy maker if LIVE = "market-making" { config { size = 1 } }'},
        {"risk": "risk careful { kill_switch = { after = if LIVE then 1 else 2 } }"},
        {"sink": 'sink tape = parquet { path = if LIVE then "a" else "b" }'},
        {"provider": "provider paper { adapter = fake, symbols = if LIVE then [BTC-USDT] else [ETH-USDT] }"},
        {
            "provider": "provider paper { adapter = replay, symbols = [BTC-USDT], format = tardis_trades "
            'path = if LIVE then "a" else "b" }'
        },
        {"route": 'route trades via market = paper.trade | where env("LIVE", false) -> maker, tape'},
        {"sink": 'sink tape if env("LIVE", true) = log'},
    ],
)
def test_a_variable_that_holds_something_else_is_one_error(given):
    (one,) = found(**given)
    assert one.code == "E0904"
    assert one.help == ("did you mean `LIVE=true`?",)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"risk": "risk careful { retry {} }"}, "E0303"),
        ({"provider": "provider paper { adapter = fake, symbols = [BTC-USDT] retry { } }"}, "E0303"),
        ({"provider": "provider paper { adapter = fake, symbols = [BTC-USDT] rate { x = 1 } }"}, "E0301"),
        ({"risk": "risk careful { max_position { is = 3 } }"}, "E0301"),
        ({"risk": "risk careful { kill_switch { after = 3 } }"}, "E0308"),
        ({"strategy": 'strategy maker = "market-making" { retry {} config { size = 1 } }'}, "E0303"),
        ({"strategy": 'strategy maker = "market-making" { config { size = 1, sizes {} } }'}, "E0522"),
        ({"strategy": 'strategy maker = "market-making" { config { size { is = 1 } } }'}, "E0523"),
        ({"strategy": 'strategy maker = "market-making" { config { size = 1sec } }'}, "E0106"),
        ({"strategy": 'strategy maker = "market-making" { config = 1 }'}, "E0301"),
    ],
)
def test_a_setting_that_is_wrong_is_one_error(given, code):
    assert [d.code for d in found(let="let LIVE = false", **given)] == [code]
