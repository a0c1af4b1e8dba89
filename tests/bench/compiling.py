"""Compile time of wide pipelines, from text to the graph, and that of a plan between two of them."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

from meltica_compiler.plan.plan import plan

from .pipelines import COUNTING, compiled, wide_text
from .scale import TINY, Scale
from .table import Figure, Section

GOALS = {1_000: 1.0, 10_000: 12.0}
PLAN_GOAL = 1.0

METHOD = """\
One provider, one pool, and pairs of a route with a `where` of its own and its strategy: text to
checked graph, in process, with the strategy's module already inspected. `a node more` is the
difference between the two sizes. The plan is one from a graph to another in which the `where` of one
route says something else."""


def measure(folder: Path, scale: Scale) -> Section:
    (folder / "counter0.js").write_text(COUNTING.replace("NAME", "counter0"))
    sizes = {nodes: 24 if scale is TINY else nodes for nodes in GOALS}
    compiled(wide_text(24), folder)
    seconds = {
        nodes: median(_seconds(wide_text(size), folder) for _ in range(min(3, scale.repeats)))
        for nodes, size in sizes.items()
    }
    figures = [
        Figure(f"{sizes[nodes]:,} nodes", seconds[nodes], "s", goal, less_is_better=True)
        for nodes, goal in GOALS.items()
    ]
    between = sizes[10_000] - sizes[1_000]
    if between:
        more_us = (seconds[10_000] - seconds[1_000]) / between * 1e6
        figures.append(Figure("a node more", more_us, "µs"))
    size = sizes[10_000]
    what = f"plan of one changed node in {size:,}"
    figures.append(Figure(what, _plan_seconds(size, folder, scale), "s", PLAN_GOAL, less_is_better=True))
    return Section("Compiling", METHOD, tuple(figures))


def _seconds(text: str, folder: Path) -> float:
    began = time.perf_counter()
    compiled(text, folder)
    return time.perf_counter() - began


def _plan_seconds(nodes: int, folder: Path, scale: Scale) -> float:
    seconds = []
    for _ in range(min(3, scale.repeats)):
        # Graphs of their own each time, so that nothing that one has found out before is at hand.
        old = compiled(wide_text(nodes), folder)
        new = compiled(wide_text(nodes).replace("> 0.1 ->", "> 0.15 ->"), folder)
        began = time.perf_counter()
        planned = plan(old, new)
        seconds.append(time.perf_counter() - began)
        assert [step.name for step in planned.changes] == ["r0"], planned.changes
    return median(seconds)
