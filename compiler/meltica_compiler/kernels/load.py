"""Kernels as the pump calls them: the generated source, compiled once."""

from __future__ import annotations

import linecache
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from meltica_compiler.graph.graph import Graph, RouteNode
from meltica_compiler.kernels.expressions import Codes
from meltica_compiler.kernels.generate import kernel_source
from meltica_compiler.kernels.selection import Chosen, Records


class StageState(Protocol):
    """What one stage is_stateful."""

    def adopt(self, earlier: Any, /) -> None:
        """Goes on where the same stage of another kernel stood. That one stays as it is; only one of the two
        may go on. Names have the codes that they had there; there may be more of them."""
        ...

    def forget(self, provider: int, /) -> None:
        """Forgets what the provider of this code has sent: it begins anew."""
        ...


class Kernel(Protocol):
    """The stages of one route, over a batch of at most `layout.MAX_BATCH` records.

    It keeps what its stages must remember (windows, counts), so each running route has its own. What
    it delivers does not depend on how the stream of events is cut into batches.
    """

    def run(self, rows: Records, watermark_us: float) -> tuple[Records, Chosen]:
        """The records to deliver are `records[chosen]`, or all where `chosen` is None, in ascending `seq`.

        `rows` are the route's events in `seq` order; they are neither written to nor kept. `records` is
        `rows` itself or memory of the kernel that is valid until the next call. `watermark_us` is the
        event time up to which everything was seen: windows that end by then are closed, also when
        `rows` is empty.
        """
        ...

    def due_us(self) -> float:
        """The event time at which something held back is due; infinite if nothing is held back."""
        ...

    def stage_states(self) -> Mapping[int, StageState]:
        """What its stages remember, by their position in the route. Where, depth: nothing."""
        ...


class KernelFault(Exception):
    """The generated source does not load. A mistake of the compiler, never of the pipeline."""


def transfer_state(earlier: Kernel, later: Kernel, stages: Iterable[tuple[int, int]]) -> None:
    """Lets stages of `later` go on where those of `earlier` stood: pairs of positions in their routes."""
    before, after = earlier.stage_states(), later.stage_states()
    for old, new in stages:
        after[new].adopt(before[old])


def load_kernel(route: RouteNode, graph: Graph, codes: Codes | None = None) -> Kernel:
    """A fresh kernel, for records with these `codes` or else the graph's own. Raises `KernelFault`, with the
    route's `file:line` and the source at fault."""
    source = kernel_source(route, graph, codes)
    name = f"<kernel of route {route.name} at {route.location}>"
    # Tracebacks through the kernel then show its lines.
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    namespace: dict[str, object] = {}
    try:
        exec(compile(source, name, "exec"), namespace)  # noqa: S102 - the source is our own template's
        kernel: Kernel = namespace["RouteKernel"]()  # type: ignore[operator]  # the template defines it
    except Exception as error:
        raise KernelFault(
            f"{route.location}: the kernel of route `{route.name}` does not load: {error!r}; "
            f"this is a mistake of the compiler, please report it with this source:\n{source}"
        ) from error
    return kernel
