"""The adapters that this runtime opens, by the names that the compiler's manifests give them.

All that the runtime knows of an adapter stands in its folder here; what is true of it for the others is a
field of `Adapter`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from meltica_compiler.graph.graph import ProviderNode
from meltica_runtime.venues.fake.provider import open_fake
from meltica_runtime.venues.live_provider import LiveProvider, ProviderContext
from meltica_runtime.venues.replay.provider import open_replay


@dataclass(frozen=True, slots=True)
class Adapter:
    """`open` builds a provider, inert. `has_end`: its market ends by itself, as a recording does."""

    open: Callable[[ProviderNode, ProviderContext], LiveProvider]
    has_end: bool = False


ADAPTERS: Mapping[str, Adapter] = MappingProxyType(
    {"fake": Adapter(open_fake), "replay": Adapter(open_replay, has_end=True)}
)
