"""A plan, drawn: every action is told apart, by more than its colour."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.compiler.draw.desks import BASES, VENUES, desk, large, middle

from meltica_compiler.compile import CompileOptions, compile_text
from meltica_compiler.draw.diagram import Mark
from meltica_compiler.draw.difference import difference
from meltica_compiler.draw.dot import dot_source
from meltica_compiler.draw.families import folded
from meltica_compiler.draw.mermaid import mermaid_source
from meltica_compiler.draw.render import SUFFIXES, render_difference
from meltica_compiler.graph.graph import Graph
from meltica_compiler.plan.plan import plan

ROOT = Path(__file__).parents[3]
OPTIONS = CompileOptions(ROOT / "strategies", require_registry=False, environ={})
OLD = (ROOT / "pipelines" / "quickstart.mel").read_text("utf-8")
NEW = (
    OLD.replace("seed    = 7", "seed    = 8")
    .replace('strategy pulse = "logger:latest"', "sink tape = log")
    .replace("maker, pulse", "maker, tape")
    .replace("max_position    = 2", "max_position    = 3")
)


def graph_of(text: str) -> Graph:
    graph = compile_text("desk.mel", text, OPTIONS).graph
    assert graph is not None
    return graph


def marks(old: Graph, new: Graph) -> dict[str, Mark | None]:
    drawn = difference(old, new).diagram
    return {part.key: part.mark for part in (*drawn.boxes, *drawn.links)}


def test_boxes_have_the_marks_of_the_plan_and_links_follow_their_ends() -> None:
    found = marks(graph_of(OLD), graph_of(NEW))
    assert found["provider_paper"] is Mark.RESTARTED
    assert found["strategy_maker"] is Mark.MOVED
    assert found["risk_careful_paper"] is Mark.MOVED
    assert found["venue_paper"] is Mark.KEPT
    assert (found["sink_tape"], found["route_trades--sink_tape"]) == (Mark.ADDED, Mark.ADDED)
    assert (found["strategy_pulse"], found["route_trades--strategy_pulse"]) == (Mark.REMOVED, Mark.REMOVED)
    assert found["route_quotes--strategy_maker"] is Mark.KEPT


def test_nothing_is_marked_as_changed_between_equal_graphs() -> None:
    assert set(marks(large(), large()).values()) == {Mark.KEPT}


def test_the_way_back_swaps_what_is_added_and_removed() -> None:
    there, back = marks(graph_of(OLD), graph_of(NEW)), marks(graph_of(NEW), graph_of(OLD))
    added = {key for key, mark in there.items() if mark is Mark.ADDED}
    assert added == {key for key, mark in back.items() if mark is Mark.REMOVED}
    assert there.keys() == back.keys()


def test_marks_differ_by_sign_and_line_as_well_as_by_colour() -> None:
    dot = dot_source(difference(graph_of(OLD), graph_of(NEW)).diagram)
    for name in ("+ tape", "− pulse", "↻ paper", "~ maker", "= paper"):
        assert f"<B>{name}</B>" in dot
    assert re.search(r'strategy_pulse \[.*STYLE="ROUNDED,DASHED"', dot)
    assert re.search(r'sink_tape \[.*BORDER="3"', dot)
    removed = next(line for line in dot.splitlines() if 'id="route_trades--strategy_pulse"' in line)
    assert "style=dashed" in removed
    for word in ("kept", "state moved", "restarted", "added", "removed"):
        assert re.search(rf"<B>[^<]* {word}</B>", dot), f"the legend names {word}"


def test_rings_carry_the_signs_of_what_comes_and_goes() -> None:
    drawn = difference(graph_of(OLD), graph_of(NEW)).diagram
    for text in (dot_source(drawn), mermaid_source(drawn)):
        rings = re.findall(r"[\">]([^\"<>]*)market 8,192 × drop_oldest<", text)
        assert sorted(rings) == ["", "", "+ ", "− "]


def test_of_a_long_list_a_box_says_what_came_and_what_left() -> None:
    symbols = tuple(f"{base}-USDT" for base in BASES)
    changed = (*symbols[:20], *symbols[21:], "TON-USDT")
    rows = difference(desk("desk", ("binance",), symbols, ()), desk("desk", ("binance",), changed, ()))
    box = next(box for box in rows.diagram.boxes if box.key == "provider_binance")
    assert ("» symbols", f"+ TON-USDT − {symbols[20]}") in {(row.text, row.amount) for row in box.rows}


def test_a_box_says_why() -> None:
    boxes = {box.key: box for box in difference(graph_of(OLD), graph_of(NEW)).diagram.boxes}
    assert ("» seed", "7 → 8") in {(row.text, row.amount) for row in boxes["provider_paper"].rows}
    page = render_difference(graph_of(OLD), graph_of(NEW), ".html").decode()
    known = json.loads(re.search(r'id="graph-data">(.*?)</script>', page)[1])
    assert known["details"]["provider_paper"]["facts"][:2] == [["becomes", "restarted"], ["seed", "7 → 8"]]


def test_a_large_difference_is_folded_by_fate() -> None:
    symbols = [f"{base}-USDT" for base in (*BASES[:36], "TON")]
    new = desk("desk_500", VENUES, symbols, ("maker", "taker", "grid"))
    drawn = folded(difference(large(), replace(new, hash="f" * 64)).diagram)
    marks = {box.mark for box in drawn.boxes if box.name == "trades[…]"}
    assert marks == {Mark.MOVED, Mark.ADDED, Mark.REMOVED}
    assert len(drawn.boxes) < 50


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_each_kind_of_drawing_is_made_and_stable(suffix: str) -> None:
    old, new = middle(), large()
    drawn = render_difference(old, new, suffix)
    assert drawn == render_difference(old, new, suffix)
    assert len(plan(old, new).changes) > 100
