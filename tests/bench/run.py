"""Runs the benchmarks, prints their tables and writes docs/benchmarks.md."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from . import compiling, durable, editing, latency, live, memory, orders, reloading, replay, whole_process
from .scale import FULL, SHORT, Scale
from .table import Section, markdown, show

PAGE = Path(__file__).parents[2] / "docs/benchmarks.md"

BENCHES: Mapping[str, Callable[[Path, Scale], Section]] = {
    "replay": replay.measure,
    "orders": orders.measure,
    "live": live.measure,
    "latency": latency.measure,
    "durable": durable.measure,
    "compile": compiling.measure,
    "reload": reloading.measure,
    "process": whole_process.measure,
    "editing": editing.measure,
    "memory": memory.measure,
}

BUSY_LOAD = 3.5
"""What the benchmarks themselves may make: a sender, the loop and V8, and Postgres now and then."""

BUSY = """
The machine did other work meanwhile. Then threads wait for a core: throughput of two threads at once, whole
processes, and above all latencies are those of a busy machine, not of this program.
"""

LIBRARIES = ("mini-racer", "numpy", "msgspec", "picows", "uvloop", "asyncpg")

PREFACE = """\
# Benchmarks

Written by `make bench`; not edited by hand. Read a figure together with the floor beside it, which the same
run measured: a machine that is busy, or another machine, moves both. Figures of different runs are not to be
compared. A goal that is missed says so.
"""


def main() -> None:
    arguments = _arguments()
    console = Console(width=None if sys.stdout.isatty() else 100)
    scale = SHORT if arguments.short else FULL
    loads = [os.getloadavg()[0]]
    sections = []
    for name in arguments.benches or BENCHES:
        section = run(name, scale)
        show(section, console)
        sections.append(section)
        loads.append(os.getloadavg()[0])
    if arguments.benches:
        console.print("a part of the benchmarks: docs/benchmarks.md stays as it is")
        return
    PAGE.write_text(page(sections, loads, scale), "utf-8")
    console.print(f"wrote {PAGE.relative_to(Path.cwd()) if PAGE.is_relative_to(Path.cwd()) else PAGE}")


def run(name: str, scale: Scale) -> Section:
    """One benchmark, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="meltica-bench-") as folder:
        return BENCHES[name](Path(folder), scale)


def page(sections: list[Section], loads: list[float], scale: Scale) -> str:
    """The page: when and where, and each benchmark with its table."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)
    facts = f"""
- {datetime.now(UTC):%Y-%m-%d}, medians of {scale.repeats} runs with {scale.share:.0%} of the work described
- {platform.system()} on {platform.machine()}, {os.cpu_count()} cores
- load average while it ran {min(loads):.1f} to {max(loads):.1f} (1.0 is one busy core; our own work counts)
- Python {platform.python_version()}, {versions}
"""
    if max(loads) > BUSY_LOAD:
        facts += BUSY
    parts = [f"## {section.title}\n\n{section.method}\n\n{markdown(section.figures)}" for section in sections]
    return "\n".join([PREFACE.rstrip() + "\n" + facts, *parts])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("benches", nargs="*", metavar="BENCH", help=f"which ones: {', '.join(BENCHES)}; all")
    parser.add_argument("--short", action="store_true", help="a tenth of the work and fewer repetitions")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.benches if name not in BENCHES]
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    return arguments


if __name__ == "__main__":
    main()
