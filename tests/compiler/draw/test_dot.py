"""DOT: byte-stable, rightly escaped, and telling links apart."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pygraphviz
import pytest
from msgspec.structs import replace
from tests.compiler.draw.desks import BASES, chained

from meltica_compiler.draw.diagram import diagram
from meltica_compiler.draw.dot import BRIEF_FROM, dot_source, render_dot
from meltica_compiler.draw.families import folded
from meltica_compiler.draw.palette import BLOCKING, LOSSY, ORDERS
from meltica_compiler.graph.graph import Graph
from meltica_dsl.text.source import Location, Span

NASTY = (
    "</script><b>",
    'a"b',
    "x:y",
    "<b>&amp;",
    "back\\slash\\N",
    "{|}",
    "日本",
    "tab\there",
    "<>",
    "node",
    "bell\x07",
    "\\",
)


def edge_line(dot: str, tail: str, head: str) -> str:
    return next(line for line in dot.splitlines() if re.match(rf"\s*{tail}\S* -> {head}\S* \[", line))


def middles(dot: str) -> dict[str, float]:
    """How far right each box and ring is drawn."""
    drawing = pygraphviz.AGraph(string=dot)
    drawing.layout("dot")
    try:
        return {str(node): float(node.attr["pos"].split(",")[0]) for node in drawing.nodes()}
    finally:
        drawing.close()


@pytest.mark.parametrize("bases", [BASES[:1], BASES[:2], BASES[:12], BASES])
def test_routes_that_read_routes_are_drawn_from_left_to_right(bases: tuple[str, ...]) -> None:
    for drawn in (diagram(chained(bases)), folded(diagram(chained(bases)))):
        at = middles(dot_source(drawn))
        assert len(drawn.chains()) in (2, 2 * len(bases))
        for link in drawn.links:
            ring = at.get(f"{link.key}--ring", (at[link.tail] + at[link.head]) / 2)
            assert at[link.tail] < ring < at[link.head], link.key


def test_places_and_spans_change_no_byte(quickstart_graph: Graph) -> None:
    elsewhere = Location("other.mel", 99, 9)
    moved = replace(
        quickstart_graph,
        file="other.mel",
        providers=tuple(replace(p, location=elsewhere) for p in quickstart_graph.providers),
        routes=tuple(
            replace(
                r,
                location=elsewhere,
                stages=tuple(replace(stage, span=Span("other.mel", 5, 9)) for stage in r.stages),
            )
            for r in quickstart_graph.routes
        ),
        strategies=tuple(replace(s, location=elsewhere) for s in quickstart_graph.strategies),
        edges=tuple(replace(e, location=elsewhere) for e in quickstart_graph.edges),
    )
    assert render_dot(moved) == render_dot(quickstart_graph)


def test_other_processes_give_the_same_bytes(quickstart_graph: Graph) -> None:
    conftest = Path(__file__).with_name("conftest.py")
    code = (
        "import runpy, sys; from meltica_compiler.draw.dot import render_dot;"
        f"sys.stdout.buffer.write(render_dot(runpy.run_path({str(conftest)!r})['quickstart']()).encode())"
    )
    for seed in ("1", "2"):
        environ = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=environ)
        assert done.stdout.decode() == render_dot(quickstart_graph)


def test_lossy_blocking_and_order_links_are_told_apart(quickstart_graph: Graph) -> None:
    dot = render_dot(quickstart_graph)
    blocking = edge_line(dot, '"route_trades--sink_tape--ring"', "sink_tape")
    lossy = edge_line(dot, '"route_trades--strategy_maker--ring"', "strategy_maker")
    orders = edge_line(dot, "strategy_maker", "risk_careful_paper")
    assert BLOCKING.light in blocking
    assert "style" not in blocking
    assert LOSSY.light in lossy
    assert "style=dotted" in lossy
    assert ORDERS.light in orders
    assert "style=dashed" in orders


def test_pools_policies_and_lanes_are_named(quickstart_graph: Graph) -> None:
    dot = render_dot(quickstart_graph)
    assert "market 65,536 × drop_oldest" in dot
    for lane in ("PROVIDERS", "ROUTES", "STRATEGIES", "SINKS", "RISK", "VENUES"):
        assert f"label={lane}" in dot


def test_the_title_carries_the_pipeline_and_its_short_hash(quickstart_graph: Graph) -> None:
    dot = render_dot(quickstart_graph)
    assert "<B>spot_maker</B>" in dot
    assert f"#{quickstart_graph.hash[:12]} " in dot
    assert quickstart_graph.hash not in dot


def test_the_legend_names_only_what_is_drawn(quickstart_graph: Graph) -> None:
    assert "ring that blocks when full" in render_dot(quickstart_graph)
    lossy_only = replace(quickstart_graph, edges=quickstart_graph.edges[:1])
    assert "ring that blocks when full" not in render_dot(lossy_only)


@pytest.mark.parametrize("name", NASTY)
def test_any_name_gives_dot_that_graphviz_reads(quickstart_graph: Graph, name: str) -> None:
    graph = replace(
        quickstart_graph,
        pipeline=name,
        sinks=(replace(quickstart_graph.sinks[0], name=name, settings={"path": name}),),
        edges=tuple(
            replace(e, target=name) if e.target_kind == "sink" else e for e in quickstart_graph.edges
        ),
    )
    read = pygraphviz.AGraph(string=render_dot(graph))
    plain = pygraphviz.AGraph(string=render_dot(quickstart_graph))
    assert len(read.nodes()) == len(plain.nodes())
    assert len(read.edges()) == len(plain.edges())


def test_all_nodes_of_a_large_graph_take_one_line_a_box(generate: Callable[[int], Graph]) -> None:
    graph = generate(500)
    assert len(graph.routes) + len(graph.strategies) > BRIEF_FROM
    dot = dot_source(diagram(graph))
    assert "| where" not in dot
    assert "trade · market 1,024 × block" in dot


def test_credentials_are_no_part_of_the_picture(quickstart_graph: Graph) -> None:
    assert "OKX_API_KEY" not in render_dot(quickstart_graph)
