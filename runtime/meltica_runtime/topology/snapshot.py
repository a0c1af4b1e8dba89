"""What a gateway says of itself: counts of all its nodes, at one moment. The live view, the telemetry and
the API read nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from meltica_runtime.dataplane.edge_ring import EdgeStatistics
from meltica_runtime.dataplane.route_flow import RouteStatistics
from meltica_runtime.execution.router import RouterStatistics
from meltica_runtime.sinks.sink import SinkStatistics
from meltica_runtime.strategies.instance import InstanceStatistics
from meltica_runtime.venues.live_provider import ProviderStatistics


class Phase(Enum):
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class GatewaySnapshot:
    """Counts by node name, edges by id. `events` is the last sequence number: every event there was."""

    phase: Phase
    uptime_s: float
    events: int
    providers: Mapping[str, ProviderStatistics]
    routes: Mapping[str, RouteStatistics]
    edges: Mapping[str, EdgeStatistics]
    strategies: Mapping[str, InstanceStatistics]
    sinks: Mapping[str, SinkStatistics]
    orders: RouterStatistics
