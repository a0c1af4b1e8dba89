"""Frames as bytes → decoded → records → route → strategy in V8, all on one core."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from statistics import median

import uvloop

from meltica_compiler.graph.graph import Graph

from .frames import bare_decode, frame_decoder, trade_frames
from .pipelines import replay_graph
from .rig import PAUSE_SECONDS, on_one_core, running
from .scale import Scale
from .table import Figure, Section

FRAMES = 400_000
GROUPS = (1, 16, 256, 1_024)
"""Frames that one read of a socket brings: one when it is quiet, some hundreds when the gateway is behind."""

METHOD = """\
Distinct JSON trade frames of a Binance combined stream, about 190 bytes each, are decoded and
packed into the ingress ring by the Binance provider's decoder, every check included, and pumped
through a `where` into a strategy in V8. `n a read`: the pump runs after every n frames, as it does
when a socket's buffer holds n. The whole process, V8 included, is held to one core. The floor is
msgspec decoding the same frames into the same typed struct on the same core."""


def measure(folder: Path, scale: Scale) -> Section:
    frames = trade_frames(scale.of(FRAMES, least=512))
    graph = replay_graph(folder, 1)
    bare, rates = [], {n: [] for n in GROUPS}
    for _ in range(scale.repeats):
        with on_one_core():
            bare.append(_bare(frames))
            for group in GROUPS:
                some = frames[: len(frames) // 20] if group == 1 else frames
                rates[group].append(uvloop.run(frames_per_second(graph, some, group)))
    floor, name = median(bare) / 1e6, "msgspec decode"
    goals = {1: None, 16: None, 256: None, 1_024: 0.4}
    figures = [
        Figure(f"{n} a read", median(rates[n]) / 1e6, "M frames/s", goals[n], floor, name) for n in GROUPS
    ]
    return Section("Live path: frame bytes → strategy in V8, one core", METHOD, tuple(figures))


async def frames_per_second(graph: Graph, frames: list[bytes], group: int) -> float:
    async with running(graph) as rig:
        ring = rig.plane.ingresses["tape"]["trade"]
        take = frame_decoder(rig.plane).take_all
        began = time.perf_counter()
        for start in range(0, len(frames), group):
            while ring.room() < group:
                await asyncio.sleep(PAUSE_SECONDS)
                rig.pump.run()
            now_us = time.time_ns() / 1_000
            take(frames[start : start + group], now_us)
            rig.pump.run()
            await asyncio.sleep(0)
        await rig.handled(len(frames))
        return len(frames) / (time.perf_counter() - began)


def _bare(frames: list[bytes]) -> float:
    began = time.perf_counter()
    bare_decode(frames)
    return len(frames) / (time.perf_counter() - began)
