"""Mermaid: lanes as subgraphs, labels that cannot break out."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.compiler.draw.desks import chained

from meltica_compiler.draw.mermaid import escape, render_mermaid
from meltica_compiler.graph.graph import Graph


def test_lanes_links_and_policies(quickstart_graph: Graph) -> None:
    lines = [line.strip() for line in render_mermaid(quickstart_graph).splitlines()]
    assert lines[1] == "flowchart LR"
    assert [line for line in lines if line.startswith("subgraph")] == [
        "subgraph providers",
        "subgraph routes",
        "subgraph strategies",
        "subgraph sinks",
        "subgraph risk",
        "subgraph venues",
    ]
    assert "provider_okx --- route_trades" in lines
    assert 'route_trades ==>|"market 65,536 × block<br/>4.00 MiB"| sink_tape' in lines
    assert 'route_trades -.->|"market 65,536 × drop_oldest<br/>4.00 MiB"| strategy_maker' in lines
    assert "strategy_maker --> risk_careful_paper" in lines
    assert "linkStyle 7,8 stroke:#c2403a,stroke-dasharray:6 4" in lines


def test_routes_that_read_routes_flow_as_the_page_does() -> None:
    lines = [line.strip() for line in render_mermaid(chained()).splitlines()]
    directions = {lines[i - 1]: line for i, line in enumerate(lines) if line.startswith("direction")}
    assert directions == {
        "subgraph providers": "direction TB",
        "subgraph routes": "direction LR",
        "subgraph sinks": "direction TB",
    }


@pytest.mark.parametrize("name", ['a"b', "<script>", "#35;", "`md`", "a;b", "%%{init}%%", "x\ny", "end"])
def test_a_name_stays_inside_its_label(quickstart_graph: Graph, name: str) -> None:
    graph = replace(
        quickstart_graph, pipeline=name, sinks=(replace(quickstart_graph.sinks[0], name=name),), edges=()
    )
    text = render_mermaid(graph)
    assert f"<b>{escape(name)}</b>" in text
    assert len(text.splitlines()) == len(render_mermaid(replace(graph, pipeline="p")).splitlines())
    for line in text.splitlines()[2:]:
        assert line.count('"') in (0, 2)


def test_special_characters_become_codes() -> None:
    assert escape('"<&>#') == "#34;#60;#38;#62;#35;"
