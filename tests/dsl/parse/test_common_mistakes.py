"""Slips from other languages: one error each, and a fix where it is clear what was meant."""

from __future__ import annotations

import pytest

from meltica_dsl.diagnostics.fixing import apply_fixes
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
    (
        "provider b { adapter = fake, symbols = [BTC-USDT], latency = 5 ms }",
        "provider b { adapter = fake, symbols = [BTC-USDT], latency = 5ms }",
    ),
    (
        "provider b { adapter = fake, symbols = [BTC-USDT], latency = 5 ms, seed = 2 }",
        "provider b { adapter = fake, symbols = [BTC-USDT], latency = 5ms, seed = 2 }",
    ),
    ("let many = 1,000", "let many = 1_000"),
    (
        "provider b { adapter = fake, symbols = [BTC-USDT], rate = 1,000/s }",
        "provider b { adapter = fake, symbols = [BTC-USDT], rate = 1_000/s }",
    ),
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
    ("sink copy = parquet { path = “x” }", 'sink copy = parquet { path = "x" }'),
    ("sink copy = parquet { path = ‘x’ }", 'sink copy = parquet { path = "x" }'),
    ("sink copy = parquet { path = „x“ }", 'sink copy = parquet { path = "x" }'),
    ("sink copy = parquet { path = ‘it’s’ }", 'sink copy = parquet { path = "it’s" }'),
    ('sink copy = parquet { path = “x" }', 'sink copy = parquet { path = "x" }'),
    ('sink copy = parquet { path = "x” }', 'sink copy = parquet { path = "x" }'),
    (
        "provider “other” { adapter = fake, symbols = [BTC-USDT] }",
        "provider other { adapter = fake, symbols = [BTC-USDT] }",
    ),
    ("let a = “b”", 'let a = "b"'),
    ("let on = true\nsink copy = log {} if on", "let on = true\nsink copy if on = log {}"),
    (
        'strategy s = "logger" { linger = 5ms } for x in [1, 2] # two',
        'strategy s for x in [1, 2] = "logger" { linger = 5ms } # two',
    ),
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


@pytest.mark.parametrize(("mistake", "meant"), MENDED, ids=[mistake for mistake, _ in MENDED])
def test_a_mistake_is_one_error_whose_fix_gives_what_was_meant(mistake, meant):
    (diagnostic,) = check({"p.mel": mistake + FRAME})
    assert diagnostic.help
    done = apply_fixes({"p.mel": mistake + FRAME}, check)
    assert done.texts == {"p.mel": meant + FRAME}
    assert done.remaining == ()


@pytest.mark.parametrize(
    "text",
    [
        "sink copy = parquet { path = 'a\"b' }",
        "sink copy = parquet { path = 'x }",
        "sink copy = parquet { path = “x }",
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


@pytest.mark.parametrize(
    "mistake",
    [
        "strategy pulse = 'logger'",
        "strategy pulse = “logger”",
        'strategy pulse = "logger',
        'strategy pulse = "logger" { linger 5ms }',
        'strategy "pulse" = "logger" { }',
    ],
)
def test_what_leads_to_a_declaration_that_cannot_be_read_gets_no_error_for_it(mistake):
    text = FRAME.replace('strategy pulse = "logger"', mistake) + route(" -> pulse")
    text += """
test "one" {
  at 1s paper.trade { price = 1, quantity = 1 }
  expect pulse receives 1 trade
}
test "other" {
  at 1s paper.trade { price = 1, quantity = 1 }
  expect r drops nothing
}
"""
    (diagnostic,) = check({"p.mel": text})
    assert diagnostic.code in ("E0101", "E0103", "E0104")


def test_a_pipeline_in_its_json_form_is_led_to_convert():
    (diagnostic,) = check({"p.mel": '{"meltica": 1}'})
    assert "meltica convert" in diagnostic.help[0]


@pytest.mark.parametrize("word", ["False", "FALSE", "no"])
def test_a_boolean_in_another_spelling_is_understood(word):
    text = FRAME + f'strategy s = "logger" {{ dry_run = {word} }}'
    (diagnostic,) = check({"p.mel": text})
    assert diagnostic.help == ("did you mean `false`?",)
