"""Opens providers: from a node of the graph to the thing that runs."""

from __future__ import annotations

from meltica_compiler.graph.graph import ProviderNode
from meltica_runtime.venues.fake.provider import open_fake
from meltica_runtime.venues.live_provider import LiveProvider, ProviderContext
from meltica_runtime.venues.replay.provider import open_replay


def open_provider(node: ProviderNode, context: ProviderContext) -> LiveProvider:
    """Builds a provider, inert. The compiler has checked that its adapter exists."""
    match node.adapter:
        case "fake":
            return open_fake(node, context)
        case "replay":
            return open_replay(node, context)
        case adapter:
            raise AssertionError(f"the compiler let adapter {adapter} pass, which nothing here opens")
