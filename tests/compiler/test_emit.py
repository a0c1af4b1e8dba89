"""What `meltica compile --emit` shows is what runs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from meltica_compiler.analyses.budget import budget, size_text
from meltica_compiler.analyses.loss import lossy_edges, stalls
from meltica_compiler.compile import CompileOptions, compile_text
from meltica_compiler.emit import PARTS, emit

ROOT = Path(__file__).parents[2]
TEXT = """
pipeline example { memory = 4MiB }
provider paper { adapter = fake, symbols = [BTC-USDT, ETH-USDT] }
pool quick { events = 1_024, on_full = conflate }
pool sure { events = 2_048, on_full = block }
route trades via sure = paper.trade | where quantity >= 0.5 -> pulse
route books via quick = paper.book | depth 3 | conflate per symbol every 100ms -> pulse, tape
strategy pulse = "logger"
sink tape = log {}
"""


@pytest.fixture(scope="module")
def graph():
    options = CompileOptions(ROOT / "strategies", require_registry=False, environ={})
    return compile_text("example.mel", TEXT, options).graph


def test_the_budget_adds_up_to_the_byte(graph):
    assert sum(item.bytes for item in budget(graph)) == graph.total_bytes
    shown = [int(n.replace(",", "")) for n in re.findall(r"([\d,]+)$", emit(graph, "budget"), re.MULTILINE)]
    *pieces, total, allowed, left = shown
    assert sum(pieces) == total == graph.total_bytes
    assert allowed - total == left


def test_the_sum_of_a_ring_is_its_bytes(graph):
    for item in budget(graph):
        match = re.fullmatch(r"([\d,]+) × ([\d,]+) \+ (\d+)", item.sum)
        if match is not None:
            capacity, record, control = (int(part.replace(",", "")) for part in match.groups())
            assert capacity * record + control == item.bytes


def test_the_graph_is_json_with_every_place(graph):
    shown = json.loads(emit(graph, "graph"))
    assert shown["hash"] == graph.hash
    assert shown["routes"][0]["stages"] == ["depth 3", "conflate per symbol every 100ms"]
    assert shown["strategies"][0]["location"] == "example.mel:8:1"
    assert "source" not in shown["strategies"][0]["module"]


def test_the_kernels_are_python_that_compiles(graph):
    source = emit(graph, "kernels")
    compile(source, "kernels", "exec")
    assert source.count("class RouteKernel:") == len(graph.routes)


def test_the_layout_shows_records_and_their_javascript(graph):
    text = emit(graph, "layout")
    assert "trade: 64 bytes" in text
    assert "book, 3 levels a side" in text
    assert re.search(r"^price +f64 +40  price of the trade$", text, re.MULTILINE)
    assert "// inbox of pulse" in text


def test_lossy_edges_and_stalls_are_named(graph):
    assert [edge.id for edge in lossy_edges(graph)] == ["edge:books->pulse", "edge:books->tape"]
    (stall,) = stalls(graph)
    assert (stall.edge.id, stall.providers, stall.routes) == ("edge:trades->pulse", ("paper",), ("books",))
    assert "stalls paper and starves books" in emit(graph, "loss")


@pytest.mark.parametrize("part", sorted(PARTS))
def test_every_part_ends_in_a_line_break_and_is_the_same_each_time(graph, part):
    assert emit(graph, part) == emit(graph, part)
    assert emit(graph, part).endswith("\n")


def test_sizes_read_well():
    assert [size_text(n) for n in (0, 1023, 1024, 1536, 1 << 20, 3 << 30)] == [
        "0B",
        "1023B",
        "1KiB",
        "1.5KiB",
        "1MiB",
        "3GiB",
    ]
