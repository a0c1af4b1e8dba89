"""The memory of rings and inboxes, beside what the compiler's budget says."""

from __future__ import annotations

from pathlib import Path

import uvloop

from meltica_compiler.graph.graph import Graph

from .pipelines import replay_graph
from .rig import running
from .scale import Scale
from .table import Figure, Section

METHOD = """\
The bytes that the rings of a running graph with four strategies take, ingress rings and the
isolates' inboxes together, beside the sum that `meltica compile --emit budget` prints. They are
equal to the byte, or this benchmark fails."""


def measure(folder: Path, _scale: Scale) -> Section:
    graph = replay_graph(folder, 4)
    taken = uvloop.run(allocated(graph))
    assert taken == graph.total_bytes, f"{taken} bytes taken, {graph.total_bytes} in the budget"
    figure = Figure(
        "rings and inboxes",
        taken,
        "bytes",
        graph.total_bytes,
        graph.total_bytes,
        "budget",
        less_is_better=True,
    )
    return Section("Memory", METHOD, (figure,))


async def allocated(graph: Graph) -> int:
    async with running(graph) as rig:
        rings = [ring for own in rig.plane.ingresses.values() for ring in own.values()]
        inboxes = [instance._isolate.memory.nbytes for instance in rig.instances if instance._isolate]
        return sum(ring.memory.nbytes for ring in rings) + sum(inboxes)
