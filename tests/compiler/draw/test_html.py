"""The page: self-contained, safe, and working in a real browser."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.compiler.draw.desks import large

from meltica_compiler.draw.html import render_html
from meltica_compiler.draw.render import render
from meltica_compiler.graph import Graph

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1200,800",
)

# Does what a reader does, and notes what the page shows.
VISIT = """
<script>
const seen = {};
const svg = document.querySelector("#drawing svg");
const panel = document.getElementById("panel");
const search = document.getElementById("search");
const key = (target, key) => target.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
const click = (target) => ["pointerdown", "pointerup"].forEach((type) =>
  target.dispatchEvent(new PointerEvent(type, {bubbles: true, button: 0})));
seen.focusable = document.querySelectorAll("#drawing [tabindex='0']").length;
search.value = "secret";
search.dispatchEvent(new Event("input"));
seen.found = [...document.querySelectorAll(".match")].map((box) => box.dataset.key);
key(search, "Enter");
seen.afterEnter = panel.querySelector("h2").textContent;
key(document.body, "Escape");
seen.closed = panel.hidden;
click(svg.getElementById("route_trades--sink_tape--ring"));
seen.edge = panel.textContent;
seen.near = [...document.querySelectorAll(".node.near")].map((box) => box.dataset.key).sort();
const box = svg.getElementById("strategy_maker");
key(box, "Enter");
seen.node = panel.textContent;
key(document.body, "Escape");
box.dispatchEvent(new PointerEvent("pointerover", {bubbles: true}));
seen.card = document.getElementById("card").textContent;
const fitted = svg.getAttribute("viewBox");
key(document.body, "+");
const width = (viewBox) => Number(viewBox.split(" ")[2]);
seen.zoomed = width(svg.getAttribute("viewBox")) / width(fitted);
key(document.body, "ArrowRight");
key(document.body, "0");
seen.back = svg.getAttribute("viewBox") === fitted;
const report = {id: "seen", textContent: JSON.stringify(seen)};
document.body.append(Object.assign(document.createElement("pre"), report));
</script>
"""


# On a folded graph: finds a node inside its family, goes to it, and from there to its family and back.
VISIT_FAMILY = """
<script>
const seen = {};
const panel = document.getElementById("panel");
const search = document.getElementById("search");
const key = (target, key) => target.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
const marked = (name) => [...document.querySelectorAll(`.node.${name}`)].map((box) => box.dataset.key);
const follow = (text) => [...panel.querySelectorAll("li button")].find((b) => b.textContent === text).click();
search.value = "maker[ETH-USDT] strategy";
search.dispatchEvent(new Event("input"));
seen.matches = document.getElementById("matches").textContent;
seen.marked = marked("match");
key(search, "Enter");
seen.member = panel.textContent;
seen.chosen = marked("chosen");
seen.near = marked("near").filter((key) => !key.includes("--"));
follow("maker[…]");
seen.family = panel.querySelector("h2").textContent;
seen.members = [...panel.querySelectorAll("ul")].at(-1).children.length;
follow("maker[SOL-USDT]");
seen.back = panel.querySelector("h2").textContent;
const report = {id: "seen", textContent: JSON.stringify(seen)};
document.body.append(Object.assign(document.createElement("pre"), report));
</script>
"""


def opened(page: str, folder: Path) -> str:
    """The page's document after its scripts have run in a real browser."""
    if BROWSER is None:
        pytest.skip("no chromium is installed")
    place = folder / "page.html"
    place.write_text(page, encoding="utf-8")
    command = [BROWSER, *FLAGS, f"--user-data-dir={folder / 'profile'}", "--dump-dom", place.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


def visited(page: str, folder: Path, visit: str = VISIT) -> dict[str, object]:
    """What the page showed to a visitor."""
    dom = opened(page.replace("</body>", visit + "</body>"), folder)
    found = re.search(r'<pre id="seen">(.*?)</pre>', dom, re.DOTALL)
    assert found is not None, "the page's script did not run to its end"
    seen: dict[str, object] = json.loads(html.unescape(found[1]))
    return seen


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
    seen = visited(render_html(quickstart_graph), tmp_path)
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


def test_a_node_of_a_folded_family_is_found_and_told_of(tmp_path: Path) -> None:
    seen = visited(render_html(large()), tmp_path, VISIT_FAMILY)
    assert seen["matches"] == "1"
    assert seen["marked"] == seen["chosen"] == ["family_strategy_maker_BTC_USDT"]
    assert "maker[ETH-USDT]strategy" in str(seen["member"])
    assert "trades[ETH-USDT, okx]" in str(seen["member"])
    assert "desk.mel:40:1" in str(seen["member"])
    assert sorted(seen["near"]) == [
        "family_route_quotes_BTC_USDT_binance",
        "family_route_trades_BTC_USDT_binance",
        "risk_careful_paper",
    ]
    assert seen["family"] == "maker[…]40 strategies"
    assert seen["members"] == 40
    assert seen["back"] == "maker[SOL-USDT]strategy"


def test_a_large_graph_opens_in_the_browser_with_each_node_drawn(
    generate: Callable[[int], Graph], tmp_path: Path
) -> None:
    page = render(generate(500), ".html", whole=True).decode()
    dom = opened(page.replace("</body>", "<script>document.title = 'ready'</script></body>"), tmp_path)
    assert "<title>ready</title>" in dom
    assert 'data-key="strategy_strategy_142"' in dom
