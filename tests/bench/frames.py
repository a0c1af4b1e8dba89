"""Trade frames as Binance sends them, and their way into the ingress rings."""

from __future__ import annotations

import msgspec

from meltica_runtime.dataplane.market_batch import MarketCodes
from meltica_runtime.dataplane.plane import DataPlane
from meltica_runtime.venues.binance.frames import FrameDecoder

STREAM = b"btcusdt@trade"


class Trade(msgspec.Struct):
    """The six fields of a trade that are of use."""

    s: str
    t: int
    p: str
    q: str
    T: int
    m: bool


class Frame(msgspec.Struct):
    stream: str
    data: Trade


decode = msgspec.json.Decoder(Frame).decode


def trade_frames(count: int) -> list[bytes]:
    """Distinct frames of a combined stream, about 190 bytes each."""
    start_ms = 1_700_000_000_000
    return [
        b'{"stream":"%b","data":{"e":"trade","E":%d,"s":"BTCUSDT","t":%d,"p":"%d.%02d000000",'
        b'"q":"0.%05d000","T":%d,"m":%b,"M":true}}'
        % (STREAM, start_ms + i, 10**9 + i, 60_000 + i % 1_000, i % 100, 100 + i % 9_000, start_ms + i,
           b"true" if i % 2 else b"false")
        for i in range(count)
    ]  # fmt: skip


def bare_decode(frames: list[bytes]) -> None:
    for frame in frames:
        decode(frame)


def frame_decoder(plane: DataPlane) -> FrameDecoder:
    """Binance's decoder over the rings of the one provider `tape`."""
    symbols = {symbol: code for code, symbol in enumerate(plane.graph.symbols)}
    return FrameDecoder(MarketCodes(0, symbols), plane.ingresses["tape"], plane.ingest)
