"""A placed strategy runs on the processors that its place names, and nothing else does."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from meltica_compiler.graph.graph import Place

from .conftest import opened

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform != "linux", reason="threads are pinned on Linux only"),
]
IDLE = "module.exports = { metadata: { name: 'idle' }, create() { return {} } }"


def affinities():
    """The processors of each thread of this process, by its number."""
    return {
        int(task.name): os.sched_getaffinity(int(task.name)) for task in Path("/proc/self/task").iterdir()
    }


async def test_the_isolates_thread_is_pinned_and_no_other():
    cpu = max(os.sched_getaffinity(0))
    before = affinities()
    async with opened(IDLE, settings={"place": Place("core", (cpu,))}) as bench:
        await bench.drain()
        after = affinities()
    started = {thread: cpus for thread, cpus in after.items() if thread not in before}
    assert started
    assert set(map(frozenset, started.values())) == {frozenset({cpu})}
    assert {thread: after[thread] for thread in before if thread in after} == before


async def test_processors_that_are_not_there_are_warned_of_and_left_out(caplog):
    cpu = min(os.sched_getaffinity(0))
    before = affinities()
    async with opened(IDLE, settings={"place": Place("core", (cpu, 1_023))}):
        started = [cpus for thread, cpus in affinities().items() if thread not in before]
    assert started == [{cpu}]
    assert "place `core` names processors that this gateway does not have (1023)" in caplog.text


async def test_a_place_that_is_nowhere_leaves_the_strategy_where_it_may_run(caplog):
    before = affinities()
    async with opened(IDLE, settings={"place": Place("core", (1_023,))}):
        started = [cpus for thread, cpus in affinities().items() if thread not in before]
    assert started == [os.sched_getaffinity(0)]
    assert "any of the others" in caplog.text
