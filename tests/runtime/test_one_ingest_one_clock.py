"""What enters is numbered and timed at one point, and clocks are read in one module."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import meltica_runtime

ROOT = Path(meltica_runtime.__file__).parent
INGEST = "dataplane/ingest.py"
CLOCK = "clock.py"

LOOP_DEADLINES = {"topology/gateway.py"}
"""A deadline of a cancel scope is by the clock of the event loop, whichever that is."""

CHOOSES_THE_CLOCK = {"topology/gateway.py"}
"""Of a live gateway: all others are given `Ingest.now_us`."""

CLOCKS = {
    "time": {
        "time",
        "time_ns",
        "monotonic",
        "monotonic_ns",
        "perf_counter",
        "perf_counter_ns",
        "clock_gettime",
    },
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
}


def modules() -> list[tuple[str, ast.Module]]:
    paths = sorted(ROOT.rglob("*.py"))
    return [(path.relative_to(ROOT).as_posix(), ast.parse(path.read_text("utf-8"))) for path in paths]


def clocks_read(tree: ast.Module) -> Iterator[str]:
    """Every mention of a clock of the operating system, called or not."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from (name.name for name in node.names if name.name in CLOCKS["time"])
        if isinstance(node, ast.Attribute):
            owner = node.value
            name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
            if node.attr in CLOCKS.get(name, set()) or node.attr == "current_time":
                yield f"{name}.{node.attr}"


def sequences_written(tree: ast.Module) -> Iterator[str]:
    """Assignments to a last number, or to the numbers of records, that do not come from the ingest point."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign | ast.AugAssign):
            continue
        if isinstance(node.value, ast.Call) and ast.unparse(node.value.func).endswith("ingest.next_seq"):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in (part for whole in targets for part in ast.walk(whole)):
            is_last = isinstance(target, ast.Attribute) and target.attr in ("last_seq", "_last_seq")
            is_number = isinstance(target, ast.Constant) and target.value == "seq"
            if is_last or is_number:
                yield ast.unparse(node)


MODULES = modules()


def test_clocks_are_read_in_one_module():
    read = {name: list(clocks_read(tree)) for name, tree in MODULES if name != CLOCK}
    found = {name: clocks for name, clocks in read.items() if clocks}
    assert found == {name: ["anyio.current_time"] for name in LOOP_DEADLINES}


def test_the_time_of_day_is_chosen_where_a_gateway_is_made():
    naming = {
        name
        for name, tree in MODULES
        if any(isinstance(node, ast.alias) and node.name == "wall_clock_us" for node in ast.walk(tree))
    }
    assert naming == CHOOSES_THE_CLOCK


def test_numbers_are_given_at_one_point():
    written = {name: list(sequences_written(tree)) for name, tree in MODULES if name != INGEST}
    assert {name: where for name, where in written.items() if where} == {}


@pytest.mark.parametrize(
    "line",
    ["x = time.monotonic()", "from time import perf_counter", "datetime.now(UTC)", "anyio.current_time()"],
)
def test_a_read_of_a_clock_is_seen(line):
    assert list(clocks_read(ast.parse(line)))


@pytest.mark.parametrize("line", ["rows['seq'] = first", "ingest.last_seq = 3", "self._last_seq += 1"])
def test_a_number_of_ones_own_is_seen(line):
    assert list(sequences_written(ast.parse(line)))
