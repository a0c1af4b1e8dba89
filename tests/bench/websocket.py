"""The live path with a real socket in it: a process that sends, over loopback, and a gateway that reads."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time

from picows import (
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    WSUpgradeRequest,
    ws_connect,
    ws_create_server,
)

from meltica_compiler.graph import Graph

from .frames import frame_decoder, trade_frames
from .rig import Rig, running

BUFFERED_BYTES = 1 << 20
"""What the sender leaves to the socket before it waits."""


class _Reader(WSListener):  # type: ignore[misc]  # picows is compiled and has no types
    """Writes what it gets, and pumps behind the last frame of each read."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._ring = rig.plane.ingresses["tape"]["trade"]
        self._take = frame_decoder(rig.plane).take
        self.began = 0.0

    def on_ws_frame(self, _transport: WSTransport, frame: WSFrame) -> None:
        if not self.began:
            self.began = time.perf_counter()
        self._take(frame.get_payload_as_bytes(), time.time_ns() / 1_000)
        if frame.last_in_buffer or self._ring.room() == 0:
            self._rig.pump.run()


async def frames_per_second(graph: Graph, frames: list[bytes]) -> float:
    """From the first frame read to the last one handled."""
    command = [sys.executable, "-m", __name__, str(len(frames))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sender:
        assert sender.stdout is not None
        port = int(await asyncio.to_thread(sender.stdout.readline))
        async with running(graph) as rig:
            transport, reader = await ws_connect(lambda: _Reader(rig), f"ws://127.0.0.1:{port}/")
            await rig.handled(len(frames))
            seconds = time.perf_counter() - reader.began
            transport.disconnect()
    return len(frames) / seconds


class _Sender(WSListener):  # type: ignore[misc]  # picows is compiled and has no types
    def __init__(self, frames: list[bytes], done: asyncio.Event) -> None:
        self._frames = frames
        self._done = done
        self._task: asyncio.Task[None] | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._task = asyncio.get_running_loop().create_task(self._send(transport))

    def on_ws_disconnected(self, _transport: WSTransport) -> None:
        self._done.set()

    async def _send(self, transport: WSTransport) -> None:
        for i, frame in enumerate(self._frames):
            transport.send(WSMsgType.TEXT, frame)
            while i % 64 == 0 and transport.underlying_transport.get_write_buffer_size() > BUFFERED_BYTES:
                await asyncio.sleep(0.001)


async def _serve(frames: list[bytes]) -> None:
    done = asyncio.Event()

    def accept(_request: WSUpgradeRequest) -> WSListener:
        return _Sender(frames, done)

    server = await ws_create_server(accept, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await done.wait()


if __name__ == "__main__":
    asyncio.run(_serve(trade_frames(int(sys.argv[1]))))
