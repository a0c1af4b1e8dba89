"""`/graph`: the compiled graph that runs, as JSON, DOT or SVG."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Annotated

import anyio
import anyio.to_thread
from fastapi import APIRouter, Query, Request, Response

from meltica_compiler.draw.dot import render_dot
from meltica_compiler.graph.canonical import graph_json
from meltica_compiler.graph.graph import Graph
from meltica_runtime.api.dependencies import GatewayDep
from meltica_runtime.api.errors import ApiError
from meltica_runtime.api.models import JSON, QueryParameters

router = APIRouter(tags=["Pipeline"])

_DRAW = """
import sys
from meltica_compiler.draw.picture import render_svg
sys.stdout.buffer.write(render_svg(sys.stdin.read()))
"""


class GraphFormat(Enum):
    JSON = "json"
    DOT = "dot"
    SVG = "svg"


MEDIA_TYPES: Mapping[GraphFormat, str] = MappingProxyType(
    {GraphFormat.JSON: JSON, GraphFormat.DOT: "text/vnd.graphviz", GraphFormat.SVG: "image/svg+xml"}
)


class GraphParameters(QueryParameters):
    format: GraphFormat | None = None


class Drawings:
    """The graph that runs, in every format that was asked for, each made once."""

    def __init__(self) -> None:
        self._graph: Graph | None = None
        self._made: dict[GraphFormat, bytes] = {}
        self._one_at_a_time = anyio.Lock()

    async def get(self, graph: Graph, format: GraphFormat) -> bytes:
        """Cancelled, it leaves nothing half made."""
        async with self._one_at_a_time:
            if graph is not self._graph:
                self._graph, self._made = graph, {}
            if format not in self._made:
                self._made[format] = await _make(graph, format)
            return self._made[format]


async def _make(graph: Graph, format: GraphFormat) -> bytes:
    if format is GraphFormat.JSON:
        return (await anyio.to_thread.run_sync(graph_json, graph)).encode()
    dot = (await anyio.to_thread.run_sync(render_dot, graph)).encode()
    return dot if format is GraphFormat.DOT else await _svg(dot)


async def _svg(dot: bytes) -> bytes:
    """Drawn in a process of its own: graphviz holds Python's lock while it lays out."""
    done = await anyio.run_process([sys.executable, "-I", "-c", _DRAW], input=dot, stderr=subprocess.PIPE)
    return done.stdout


@router.get(
    "/graph",
    response_class=Response,
    responses={200: {"content": {media: {} for media in MEDIA_TYPES.values()}}, 304: {}, 406: {}},
)
async def graph(
    request: Request, gateway: GatewayDep, parameters: Annotated[GraphParameters, Query()]
) -> Response:
    """The graph in the format that `format` or else the Accept header asks for; JSON when neither says.
    The ETag is the graph's hash: it changes when, and only when, what the pipeline does changes."""
    format = parameters.format or accepted_format(request.headers.get("accept", ""))
    running = gateway.graph
    tag = f'W/"{running.hash}"'
    headers = {"ETag": tag, "Vary": "Accept", "Cache-Control": "no-cache"}
    if tag in (one.strip() for one in request.headers.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=headers)
    drawings: Drawings = request.app.state.drawings
    return Response(await drawings.get(running, format), headers=headers, media_type=MEDIA_TYPES[format])


def accepted_format(accept: str) -> GraphFormat:
    """The format that an Accept header likes best; among equals the first of json, dot, svg.

    Raises `ApiError`, 406, if it takes none of them (RFC 9110, section 12.5.1).
    """
    wishes = [_wish(part) for part in accept.split(",") if part.strip()] or [("*/*", 1.0)]
    best = max(GraphFormat, key=lambda one: _quality(MEDIA_TYPES[one], wishes))
    if _quality(MEDIA_TYPES[best], wishes) <= 0:
        media = ", ".join(MEDIA_TYPES.values())
        raise ApiError(406, f"the graph comes as {media}", {"allowed": [*MEDIA_TYPES.values()]})
    return best


def _wish(part: str) -> tuple[str, float]:
    media, *parameters = (word.strip() for word in part.split(";"))
    quality = next((word[2:] for word in parameters if word.startswith("q=")), "1")
    try:
        return media.lower(), float(quality)
    except ValueError:
        return media.lower(), 0.0


def _quality(media: str, wishes: list[tuple[str, float]]) -> float:
    """How much a media type is wished for; the most exact wish counts."""
    group = media.partition("/")[0] + "/*"
    for pattern in (media, group, "*/*"):
        for wished, quality in wishes:
            if wished == pattern:
                return quality
    return 0.0
