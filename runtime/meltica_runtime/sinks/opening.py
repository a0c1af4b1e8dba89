"""Opens the sink that a pipeline asks for."""

from __future__ import annotations

from meltica_compiler.graph.graph import SinkNode
from meltica_runtime.dataplane.edge_ring import EdgeRing
from meltica_runtime.sinks.log_sink import LogSink
from meltica_runtime.sinks.sink import Sink, SinkContext


def open_sink(node: SinkNode, edges: tuple[EdgeRing, ...], context: SinkContext) -> Sink:
    """The sink of `node`, attached to its `edges`, not yet running."""
    match node.kind:
        case "log":
            return LogSink(node, edges, context)
        case "parquet":
            # pyarrow takes 0.1 s to import, which only pipelines with such a sink have to pay.
            from meltica_runtime.sinks.parquet_sink import ParquetSink  # noqa: PLC0415

            return ParquetSink(node, edges, context)
        case "postgres":
            # asyncpg takes 0.1 s to import, which only a gateway has to pay.
            from meltica_runtime.sinks.postgres_sink import PostgresSink  # noqa: PLC0415

            return PostgresSink(node, edges, context)
    raise AssertionError(f"the compiler let through a sink of kind {node.kind!r}")
