"""The page: self-contained, safe, and working in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.compiler.draw.browser import opened, visited
from tests.compiler.draw.desks import BASES, chained, large

from meltica_compiler.draw.html import render_html
from meltica_compiler.draw.render import render
from meltica_compiler.graph.graph import Graph


def test_the_page_asks_for_nothing_from_outside(quickstart_graph: Graph) -> None:
    page = render_html(quickstart_graph)
    assert "default-src 'none'" in page
    assert not re.search(r"<(script|img|iframe|link)[^>]*\b(src|href)=", page)
    assert not re.search(r"url\(|@import|fetch\(", page)
    namespaces = set(re.findall(r'https?://[^"\s]+', page))
    assert namespaces <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_the_same_graph_gives_the_same_page(quickstart_graph: Graph) -> None:
    assert render_html(quickstart_graph) == render_html(quickstart_graph)


def test_names_cannot_become_markup(quickstart_graph: Graph) -> None:
    nasty = "</script><script>alert(1)</script>"
    sink = replace(quickstart_graph.sinks[0], settings={"path": nasty})
    page = render_html(replace(quickstart_graph, pipeline=nasty, file=nasty, sinks=(sink,)))
    assert nasty not in page
    assert page.count("<script") == 2


def test_a_reader_can_search_choose_and_zoom(quickstart_graph: Graph, tmp_path: Path) -> None:
    seen = visited(render_html(quickstart_graph), tmp_path, "reading")
    assert seen["focusable"] == 9
    assert seen["found"] == ["provider_okx"]
    assert seen["afterEnter"] == "okxprovider"
    assert seen["closed"] is True
    assert "block: stalls the providers behind it" in str(seen["edge"])
    assert "demo.mel:31:1" in str(seen["edge"])
    assert seen["near"] == ["route_trades", "sink_tape"]
    assert "market-making:latest" in str(seen["node"])
    assert "maker · strategy" in str(seen["card"])
    assert seen["zoomed"] == pytest.approx(1 / 1.25)
    assert seen["back"] is True


def test_a_node_of_a_folded_family_is_found_unfolded_and_told_of(tmp_path: Path) -> None:
    seen = visited(render_html(large()), tmp_path, "member")
    family, member = "family_strategy_maker_BTC_USDT", "strategy_maker_ETH_USDT"
    assert seen["matches"] == "1"
    assert (seen["marked"], seen["folded"]) == ([family], "false")
    assert (seen["found"], seen["unfolded"]) == ([member], "true")
    assert seen["chosen"] == [member]
    assert "maker[ETH-USDT]strategy" in str(seen["member"])
    assert "trades[ETH-USDT, okx]" in str(seen["member"])
    assert "desk.mel:40:1" in str(seen["member"])
    assert sorted(seen["near"]) == [
        "family_route_quotes_BTC_USDT_binance",
        "family_route_trades_BTC_USDT_binance",
        family,
        "risk_careful_paper",
    ]
    assert f"route_trades_ETH_USDT_okx--{member}" in seen["threads"]
    assert f"{member}--risk_careful_paper" in seen["threads"]
    assert len(seen["threads"]) == 9
    assert "maker[SOL-USDT] · strategy" in str(seen["card"])
    assert seen["family"] == "maker[…]40 strategies"
    assert seen["members"] == 40
    assert seen["back"] == "maker[SOL-USDT]strategy"


def test_families_unfold_and_fold_and_nothing_lies_over_another(tmp_path: Path) -> None:
    seen = visited(render_html(large()), tmp_path, "folds")
    orderly = {"overlaps": [], "loose": []}
    assert seen["folded"] == {**orderly, "members": 0}
    assert seen["clicked"] == {**orderly, "members": 40}
    assert seen["three"] == {**orderly, "members": 40 + 160 + 4}
    assert seen["expanded"] == ["true", "true", "true"]
    assert seen["focusable"] == 204
    assert seen["fits"] is True
    assert seen["focus"] == "family_sink_tape_binance"
    assert seen["again"] == {**orderly, "members": 0}
    assert seen["moved"] == 0


def test_a_drawing_too_wide_to_read_is_opened_at_its_beginning(tmp_path: Path) -> None:
    seen = visited(render_html(chained(BASES)), tmp_path, "opening", window="900,700")
    assert seen["opened"] == pytest.approx(0.7)
    assert seen["fitted"] < 0.6
    assert seen["begins"] is True


def test_a_large_graph_opens_in_the_browser_with_each_node_drawn(
    generate: Callable[[int], Graph], tmp_path: Path
) -> None:
    page = render(generate(500), ".html", whole=True).decode()
    dom = opened(page.replace("</body>", "<script>document.title = 'ready'</script></body>"), tmp_path)
    assert "<title>ready</title>" in dom
    assert 'data-key="strategy_strategy_142"' in dom
