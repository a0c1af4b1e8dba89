"""Random bits by place: the n-th draw of a stream is a pure function of seed, stream and n.

Nothing is kept between draws, so a draw that nobody asks for changes no other. The mixing function is
SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014): integer
arithmetic only, so every machine and every numpy gives the same bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.uint64]

_GAMMA = 0x9E37_79B9_7F4A_7C15
_FIRST = np.uint64(0xBF58_476D_1CE4_E5B9)
_SECOND = np.uint64(0x94D0_49BB_1331_11EB)
_MASK = (1 << 64) - 1


def stream_seed(seed: int, stream: int) -> int:
    """The 64-bit seed of one stream out of many. Any integer is a seed."""
    mixed = _mixed_int((seed & _MASK) + _GAMMA * (stream + 1))
    return _mixed_int(mixed ^ (seed >> 64 & _MASK))


def draw(seed: int, places: NDArray[np.unsignedinteger[Any]]) -> Bits:
    """64 random bits for each place (uint64, any shape) of the stream with this seed."""
    bits = places * np.uint64(_GAMMA)
    bits += np.uint64(seed & _MASK)
    bits ^= bits >> np.uint64(30)
    bits *= _FIRST
    bits ^= bits >> np.uint64(27)
    bits *= _SECOND
    bits ^= bits >> np.uint64(31)
    return bits


def part(bits: Bits, number: int) -> NDArray[np.float64]:
    """Sixteen of the bits (part 0 to 3) as a number in [0, 1)."""
    word = (bits >> np.uint64(16 * number)) & np.uint64(0xFFFF)
    return word.astype(np.float64) * 2.0**-16


def nearly_normal(bits: Bits) -> NDArray[np.float64]:
    """Mean 0, variance 1: the sum of four uniform numbers, scaled (Irwin-Hall).

    Exact in binary but for the last factor, where a logarithm would differ between processors.
    """
    even = np.uint64(0x0000_FFFF_0000_FFFF)
    sums = (bits & even) + ((bits >> np.uint64(16)) & even)
    total = (sums & np.uint64(0xFFFF_FFFF)) + (sums >> np.uint64(32))
    normal: NDArray[np.float64] = (total.astype(np.float64) - 2.0 * 65535.0) * (3.0**0.5 / 65536.0)
    return normal


def _mixed_int(value: int) -> int:
    value &= _MASK
    value = ((value ^ (value >> 30)) * int(_FIRST)) & _MASK
    value = ((value ^ (value >> 27)) * int(_SECOND)) & _MASK
    return value ^ (value >> 31)
