"""The graph that runs comes as JSON, DOT or SVG."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import anyio
import pytest

from meltica_compiler.draw.dot import render_dot
from meltica_runtime.api.drawing import GraphFormat, accepted_format
from meltica_runtime.api.errors import ApiError

pytestmark = pytest.mark.anyio


async def test_json_is_the_default_and_has_the_hash(api: Any) -> None:
    response = await api.get("/graph")
    assert response.headers["content-type"] == "application/json"
    assert response.json()["hash"] == api.gateway.graph.hash
    assert response.headers["etag"] == f'W/"{api.gateway.graph.hash}"'


async def test_dot_and_svg_are_drawings_of_the_same_graph(api: Any) -> None:
    dot = await api.get("/graph?format=dot")
    assert dot.text == render_dot(api.gateway.graph)
    svg = await api.get("/graph", headers={"Accept": "image/svg+xml"})
    assert svg.headers["content-type"] == "image/svg+xml"
    assert ET.fromstring(svg.content).tag.endswith("svg")


async def test_the_parameter_goes_before_the_accept_header(api: Any) -> None:
    response = await api.get("/graph?format=dot", headers={"Accept": "image/svg+xml"})
    assert response.headers["content-type"].startswith("text/vnd.graphviz")


async def test_a_graph_that_is_known_is_not_sent_again(api: Any) -> None:
    tag = (await api.get("/graph")).headers["etag"]
    response = await api.get("/graph", headers={"If-None-Match": f'"other", {tag}'})
    assert (response.status_code, response.content) == (304, b"")


async def test_events_flow_and_other_requests_are_answered_while_a_drawing_is_made(api: Any) -> None:
    before = api.gateway.events
    answered = []

    async def draw() -> None:
        answered.append((await api.get("/graph?format=svg")).status_code)

    async def ask() -> None:
        answered.append((await api.get("/healthz")).status_code)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(draw)
        tasks.start_soon(ask)
    assert answered == [200, 200]
    assert api.gateway.events >= before


async def test_an_unknown_format_names_those_there_are(api: Any) -> None:
    response = await api.get("/graph?format=png")
    assert response.status_code == 400
    assert response.json()["error"] == "parameter `format` is `png`; allowed is one of json, dot, svg"


@pytest.mark.parametrize(
    ("accept", "format"),
    [
        ("", GraphFormat.JSON),
        ("*/*", GraphFormat.JSON),
        ("image/svg+xml", GraphFormat.SVG),
        ("image/*", GraphFormat.SVG),
        ("text/vnd.graphviz, */*;q=0.1", GraphFormat.DOT),
        ("application/json;q=0.5, image/svg+xml", GraphFormat.SVG),
        ("text/html, */*;q=0.8", GraphFormat.JSON),
        ("IMAGE/SVG+XML;q=1, application/json;q=nonsense", GraphFormat.SVG),
    ],
)
def test_the_accept_header_chooses_what_it_likes_best(accept: str, format: GraphFormat) -> None:
    assert accepted_format(accept) is format


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "application/json;q=nonsense"])
def test_an_accept_header_that_takes_nothing_is_refused(accept: str) -> None:
    with pytest.raises(ApiError) as refused:
        accepted_format(accept)
    assert refused.value.status == 406
    assert "image/svg+xml" in refused.value.payload.error
