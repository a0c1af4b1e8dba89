"""What two graphs have to be for their nodes to do the same."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from pathlib import Path

from meltica_compiler.compile import CompileOptions, compile_text
from meltica_compiler.graph.canonical import content_text, same_content

OPTIONS = CompileOptions(Path("strategies"), require_registry=False, environ={})
TEXT = """pipeline desk
provider paper { adapter = fake, symbols = [BTC-USDT, ETH-USDT] }
pool ram { events = 1_000, on_full = drop_oldest }
sink tape = log {}
sink other = log { level = debug }
strategy idle = "noop" { linger = 0 }
route trades via ram = paper.trade | where quantity > 0.1 and symbol == BTC-USDT | sample 2 -> tape, idle
route more via ram = trades | where quantity > 1.0 | conflate per symbol every 1s -> other
"""
EDITS = (
    ("", ""),
    ("\nprovider", "\n\n# moved down\nprovider"),
    ("> 1.0", "> 1"),
    ("> 0.1", "> 0.2"),
    ("sample 2", "sample 3"),
    ("every 1s", "every 1000ms"),
    ("debug", "info"),
    ("1_000", "2_000"),
    ("[BTC-USDT, ETH-USDT]", "[BTC-USDT]"),
    ("linger = 0", "linger = 1ms"),
)


def parts(edit):
    graph = compile_text("desk.mel", TEXT.replace(*edit), OPTIONS).graph
    return [*graph.index.nodes.values(), *graph.all_edges]


def test_parts_are_the_same_exactly_when_their_texts_for_the_hash_are():
    graphs = [parts(edit) for edit in EDITS]
    answers = set()
    for one, other in product(graphs, graphs):
        for a, b in product(one, other):
            assert same_content(a, b) == (content_text(a) == content_text(b))
            answers.add((type(a) is type(b), same_content(a, b)))
    assert answers == {(True, True), (True, False), (False, False)}


def test_a_zero_below_zero_is_another_text():
    assert not same_content(Decimal("-0"), Decimal(0))
    assert same_content((Decimal("0.0"), 0), (Decimal(0), 0))
