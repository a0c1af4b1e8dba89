"""What the compiler's budget says is what a running graph takes, to the byte."""

from __future__ import annotations

import pytest

from meltica_compiler.analyses.budget import budget
from meltica_compiler.compile import CompileOptions, compile_text
from meltica_compiler.graph.graph import Graph
from meltica_compiler.records.inbox_geometry import inbox_geometry
from meltica_runtime import resources
from meltica_runtime.clock import no_clock
from meltica_runtime.dataplane.ingest import Ingest
from meltica_runtime.dataplane.plane import build_data_plane
from meltica_runtime.dataplane.ring_reader import RingReader
from meltica_runtime.strategies.isolate import Isolate, IsolateEnv

PIPELINE = """
pipeline sized
provider tape { adapter = fake symbols = [BTC-USDT, ETH-USDT] rate = 1_000/s }
provider other { adapter = fake symbols = [BTC-USDT] rate = 1_000/s }
pool fresh { events = 128 on_full = conflate }
pool market { events = 1_000 on_full = drop_oldest }
route trades via market = tape.trade, other.trade -> watcher, lines
route quotes via fresh = tape.book | depth 5 -> watcher
strategy watcher = "noop:latest"
sink lines = log
"""


@pytest.fixture(scope="module")
def graph() -> Graph:
    options = CompileOptions(resources.strategies_dir(), require_registry=False, environ={})
    compiled = compile_text("sized.mel", PIPELINE, options)
    assert compiled.graph is not None, compiled.diagnostics
    return compiled.graph


@pytest.mark.anyio
async def test_rings_inboxes_and_waiting_places_take_what_the_budget_says(graph: Graph) -> None:
    plane = build_data_plane(graph, Ingest(no_clock))
    node = graph.strategies[0]
    inbox = inbox_geometry(edge for edge in graph.edges if edge.target == node.name)
    env = IsolateEnv(graph.symbols, tuple(p.name for p in graph.providers), "order", 0.0, 0)
    async with Isolate(node, inbox, env) as isolate:
        taken = isolate.memory.nbytes
    taken += sum(ring.memory.nbytes for own in plane.ingresses.values() for ring in own.values())
    taken += sum(RingReader(edge).size_bytes for edge in plane.edges_of("lines"))
    taken += sum(edge._waiting.records.nbytes for edge in plane.edges.values() if edge._waiting)
    assert taken == graph.total_bytes == sum(item.bytes for item in budget(graph))
