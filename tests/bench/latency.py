"""Frame received → handler in V8 done, at a given pace, with and without lingering."""

from __future__ import annotations

import asyncio
import ctypes
import socket
import struct
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import uvloop

from meltica_compiler.graph.graph import Graph
from meltica_compiler.records import shared_memory as at

from .frames import frame_decoder, trade_frames
from .pipelines import replay_graph
from .rig import Rig, running
from .scale import Scale
from .table import Figure, Section

EVENTS = {1_000: 10_000, 10_000: 50_000}
LINGERS = ("0", "200us", "always")
SPIN_NS = 50_000
"""How long the reader looks at the inbox before it gives the loop its turn, where a drain lingers."""

METHOD = """\
Another process sends JSON trade frames through a socket pair, evenly paced, sleeping in between.
The gateway's loop (uvloop) sleeps until one comes, stamps it (`perf_counter_ns`), decodes it,
writes the record and pumps. That the handler is done is seen in the inbox's DELIVERED word, which
the drain writes behind the handler anyway: the reading side looks at it, in a tight loop of at most
50 µs while a drain lingers, else once a turn of the loop until it is there, so that figures without
linger are too long by up to one such turn (some 5 µs). `pause` is the longest time from sending to
the handler being done: a pause of the collector, of the loop or of the machine would show here.
Quantiles are of one run; the garbage collector is set as in the gateway. At 1,000 events a second
they come 1 ms apart, so that a drain that lingers for 200 µs has returned before the next: such
figures are held to the goals without linger. Three threads want a core here (the sender, the loop,
and V8 while it lingers): on two cores, or beside other work, they wait for each other, and the
upper quantiles show it."""

_FRAME = struct.Struct("<IQ")


@dataclass(frozen=True, slots=True)
class Latencies:
    """In microseconds, ascending: from receipt, and from sending."""

    received: np.ndarray[tuple[int], np.dtype[np.float64]]
    sent: np.ndarray[tuple[int], np.dtype[np.float64]]

    def quantile(self, share: float) -> float:
        return float(np.quantile(self.received, share))


def measure(folder: Path, scale: Scale) -> Section:
    figures: list[Figure] = []
    for linger in LINGERS:
        graph = replay_graph(folder, 1, linger=linger, on_full="drop_oldest")
        for rate, full in EVENTS.items():
            seen = uvloop.run(latencies(graph, rate, scale.of(full, least=100)))
            lingers = linger == "always" or (linger == "200us" and rate > 5_000)
            figures += _figures(f"{rate:,}/s, linger {linger}", seen, lingers=lingers)
    return Section("Latency: frame received → handler done", METHOD, tuple(figures))


def _figures(work: str, seen: Latencies, *, lingers: bool) -> list[Figure]:
    goals = {0.5: 15.0, 0.99: 100.0} if lingers else {0.5: 200.0, 0.99: 1_000.0}
    names = {0.5: "p50", 0.99: "p99", 0.999: "p99.9", 1.0: "max"}
    shown = [
        Figure(f"{work}: {name}", seen.quantile(share), "µs", goals.get(share), less_is_better=True)
        for share, name in names.items()
    ]
    pause = Figure(f"{work}: pause", float(seen.sent[-1]), "µs", 10_000, less_is_better=True)
    return [*shown, pause]


async def latencies(graph: Graph, rate: int, count: int) -> Latencies:
    here, there = socket.socketpair()
    with here, there:
        command = [sys.executable, "-m", __name__, str(there.fileno()), str(rate), str(count)]
        with subprocess.Popen(command, pass_fds=[there.fileno()]):
            async with running(graph) as rig:
                reader = _Reader(rig, count)
                transport, _ = await asyncio.get_running_loop().create_connection(lambda: reader, sock=here)
                transport.write(b"!")
                await reader.done.wait()
                transport.close()
    return reader.latencies()


class _Reader(asyncio.Protocol):
    """The receiving end: what a provider does, and a look at when it was handled."""

    def __init__(self, rig: Rig, count: int) -> None:
        self.done = asyncio.Event()
        self._pump = rig.pump
        self._ingest = rig.plane.ingest
        self._take = frame_decoder(rig.plane).take
        isolate = rig.instances[0]._isolate
        assert isolate is not None
        self._cells, self._words = isolate.cells, isolate.words
        self._loop = asyncio.get_running_loop()
        self._left = count
        self._rest = b""
        self._pending: deque[tuple[int, int, int]] = deque()  # number, received, sent
        self._took: list[tuple[int, int]] = []

    def data_received(self, data: bytes) -> None:
        received = time.perf_counter_ns()
        data = self._rest + data
        lingers = self._words[at.STATE_U32] == at.LINGERING
        watched = bool(self._pending)
        place = 0
        while len(data) - place >= _FRAME.size:
            size, sent = _FRAME.unpack_from(data, place)
            end = place + _FRAME.size + size
            if end > len(data):
                break
            self._take(data[place + _FRAME.size : end], received / 1_000)
            self._pending.append((self._ingest.last_seq, received, sent))
            place = end
        self._rest = data[place:]
        self._pump.run()
        while lingers and self._pending and time.perf_counter_ns() - received < SPIN_NS:
            self._look()
        if not watched and self._pending:
            self._loop.call_soon(self._watch)

    def latencies(self) -> Latencies:
        took = np.array(self._took, np.float64) / 1_000
        warm = took[len(took) // 10 :]  # V8 compiles handlers while they run for the first times
        return Latencies(np.sort(warm[:, 0]), np.sort(warm[:, 1]))

    def _watch(self) -> None:
        self._look()
        if self._pending:
            self._loop.call_soon(self._watch)

    def _look(self) -> None:
        handled = self._cells[at.DELIVERED_F64]
        now = time.perf_counter_ns()
        while self._pending and self._pending[0][0] <= handled:
            _, received, sent = self._pending.popleft()
            self._took.append((now - received, now - sent))
            self._left -= 1
        if self._left == 0:
            self.done.set()


def _send(end: socket.socket, rate: int, count: int) -> None:
    """Evenly paced; a send that is late does not delay those behind it."""
    ctypes.CDLL(None).prctl(29, 1, 0, 0, 0)  # PR_SET_TIMERSLACK: sleeps end when asked to, not 50 µs later
    frames = trade_frames(count)
    end.recv(1)
    due = time.perf_counter_ns()
    for frame in frames:
        due += 1_000_000_000 // rate
        ahead = due - time.perf_counter_ns()
        if ahead > 0:
            time.sleep(ahead / 1e9)
        end.sendall(_FRAME.pack(len(frame), time.perf_counter_ns()) + frame)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as own:
        _send(own, int(sys.argv[2]), int(sys.argv[3]))
