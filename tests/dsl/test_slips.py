"""Slips from other languages: one error each, and a fix where it is clear what was meant."""

from __future__ import annotations

import pytest

from meltica_dsl.fixing import mend
from meltica_dsl.load import load

FRAME = """
pipeline p
provider paper { adapter = fake, symbols = [BTC-USDT] }
pool market { events = 8, on_full = block }
strategy pulse = "logger"
sink tape = log
"""


def route(rest):
    return f"route r via market = paper.trade{rest}"


MENDED = [
    ("let spread = 5 bps", "let spread = 5bps"),
    ("let size = 64 MiB", "let size = 64MiB"),
    (route(" | dedupe within 60 s -> tape"), route(" | dedupe within 60s -> tape")),
    ("let many = 1,000", "let many = 1_000"),
    (
        "provider b { adapter = fake, symbols = [BTC/USDT] }",
        "provider b { adapter = fake, symbols = [BTC-USDT] }",
    ),
    (route(" | where symbol == BTC/USDT -> tape"), route(" | where symbol == BTC-USDT -> tape")),
    (route(" tape"), route(" -> tape")),
    (route(" tape, pulse"), route(" -> tape, pulse")),
    (route("\n  tape"), route("\n  -> tape")),
    (route(" | where price > 1 tape"), route(" | where price > 1 -> tape")),
    (route(" => tape"), route(" -> tape")),
    (route(" > tape"), route(" -> tape")),
    (route(" - > tape"), route(" -> tape")),
    (route(" → tape"), route(" -> tape")),
    (route(" | where price = 3 -> tape"), route(" | where price == 3 -> tape")),
    (route(" | where price === 3 -> tape"), route(" | where price == 3 -> tape")),
    (route(" | where price <> 3 -> tape"), route(" | where price != 3 -> tape")),
    (route(" | where price > 3 && price < 5 -> tape"), route(" | where price > 3 and price < 5 -> tape")),
    (route(" | where price > 3 || price < 1 -> tape"), route(" | where price > 3 or price < 1 -> tape")),
    (route(" | where !(price > 3) -> tape"), route(" | where not (price > 3) -> tape")),
    ("sink copy = parquet { path = 'x' }", 'sink copy = parquet { path = "x" }'),
    ("strategy s = logger", 'strategy s = "logger"'),
    ("// the market\nlet a = 1", "# the market\nlet a = 1"),
    ("let a = 1 // one", "let a = 1 # one"),
    ("pool ram { events: 8, on_full = block }", "pool ram { events = 8, on_full = block }"),
    ("pool ram { events : 8, on_full = block }", "pool ram { events = 8, on_full = block }"),
    ("pool ram { events := 8, on_full = block }", "pool ram { events = 8, on_full = block }"),
    ("pool ram { events = 8; on_full = block }", "pool ram { events = 8, on_full = block }"),
    ("pool ram { events = 8, on_full = block };", "pool ram { events = 8, on_full = block }"),
    ("pool ram = { events = 8, on_full = block }", "pool ram { events = 8, on_full = block }"),
    ('pool "ram" { events = 8, on_full = block }', "pool ram { events = 8, on_full = block }"),
    ('pool ram { "events" = 8, on_full = block }', "pool ram { events = 8, on_full = block }"),
    ("risk r { kill_switch { after = 5 } }", "risk r { kill_switch = { after = 5 } }"),
]


def check(texts):
    return load("p.mel", texts["p.mel"], {}).diagnostics


@pytest.mark.parametrize(("slip", "meant"), MENDED, ids=[slip for slip, _ in MENDED])
def test_a_slip_is_one_error_whose_fix_gives_what_was_meant(slip, meant):
    (diagnostic,) = check({"p.mel": slip + FRAME})
    assert diagnostic.help
    done = mend({"p.mel": slip + FRAME}, check)
    assert done.texts == {"p.mel": meant + FRAME}
    assert done.left == ()


@pytest.mark.parametrize(
    "text",
    [
        "sink copy = parquet { path = 'a\"b' }",
        "sink copy = parquet { path = 'x }",
        "/* of\n two lines */\nlet a = 1",
        "let a = $HOME",
    ],
)
def test_where_it_is_not_clear_there_is_help_and_no_fix(text):
    (diagnostic,) = check({"p.mel": text + FRAME})
    assert diagnostic.help
    assert not diagnostic.fixes


@pytest.mark.parametrize("rest", ["\nlett a = 1", "\nmy own = 1"])
def test_what_begins_another_declaration_is_no_target_of_a_route(rest):
    found = check({"p.mel": route(" -> tape") + rest + FRAME})
    assert [diagnostic.code for diagnostic in found] == ["E0108"]
    found = check({"p.mel": route("") + rest + FRAME})
    assert "E0108" in [diagnostic.code for diagnostic in found]
