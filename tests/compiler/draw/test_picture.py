"""SVG and PNG come from the bundled graphviz."""

from __future__ import annotations

import struct
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace
from tests.compiler.draw.desks import large, middle, small

from meltica_compiler.draw.diagram import diagram
from meltica_compiler.draw.dot import dot_source, render_dot
from meltica_compiler.draw.picture import LARGEST_PIXELS, render_png, render_svg
from meltica_compiler.graph.graph import Graph

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: bytes) -> list[str]:
    return ["".join(text.itertext()) for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_the_svg_says_what_the_graph_says(quickstart_graph: Graph) -> None:
    shown = texts(render_svg(render_dot(quickstart_graph)))
    assert {"spot_maker", "maker", "market-making:latest", "| where quantity >= 0.001"} <= set(shown)


@pytest.mark.parametrize("name", ["<b>&", 'q"uote', "back\\Nslash", "日本", "a:b:c", "\\"])
def test_names_arrive_unchanged(quickstart_graph: Graph, name: str) -> None:
    okx = replace(quickstart_graph.providers[1], name=name)
    trades = replace(quickstart_graph.routes[0], sources=("binance", name, "paper"))
    graph = replace(
        quickstart_graph,
        providers=(quickstart_graph.providers[0], okx, quickstart_graph.providers[2]),
        routes=(trades, quickstart_graph.routes[1]),
    )
    assert name in texts(render_svg(render_dot(graph)))


def test_the_same_dot_gives_the_same_bytes(quickstart_graph: Graph) -> None:
    dot = render_dot(quickstart_graph)
    assert render_svg(dot) == render_svg(dot)
    assert render_png(dot) == render_png(dot)


def test_a_large_png_stays_within_its_limit(generate: Callable[[int], Graph]) -> None:
    width, height = size(render_png(dot_source(diagram(generate(500)))))
    assert 1_000 < width <= height <= LARGEST_PIXELS


@pytest.mark.parametrize("desk", [small, middle, large])
def test_a_picture_of_any_size_has_the_shape_of_a_page(desk: Callable[[], Graph]) -> None:
    """No strip: text of 8 points is read without scrolling one way only, at 144 dots an inch."""
    width, height = size(render_png(render_dot(desk())))
    assert max(width, height) < 4_000
    assert width < 4 * height


def test_a_small_png_is_sharp(quickstart_graph: Graph) -> None:
    dot = render_dot(quickstart_graph)
    width_points = float(ElementTree.fromstring(render_svg(dot)).get("width", "").removesuffix("pt"))
    assert size(render_png(dot))[0] == pytest.approx(2 * width_points, abs=4)


def test_drawing_writes_nothing_to_the_terminal(
    quickstart_graph: Graph, capfd: pytest.CaptureFixture[str]
) -> None:
    render_png(render_dot(quickstart_graph))
    assert capfd.readouterr() == ("", "")
