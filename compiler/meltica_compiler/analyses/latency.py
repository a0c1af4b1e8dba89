"""The latency budget, as far as a file can tell: how long the stages on each path hold events back.

How long code takes is measured while it runs. Stages that collect events for a time hold them back by
design, however fast everything is: `conflate` for up to its window, `kline` for up to its interval. `merge`
waits for the slowest of its sources, for as long as that takes.
"""

from __future__ import annotations

from msgspec import Struct

from meltica_compiler.graph.graph import Edge, Graph, RouteNode
from meltica_dsl.model.pipeline import Conflate, Kline, Merge, Stage
from meltica_dsl.model.values import Duration


class StageDelay(Struct, frozen=True):
    """A stage that holds events back for up to a time; None for as long as a source is silent."""

    route: str
    stage: Stage
    most: Duration | None


class FlowPath(Struct, frozen=True):
    """From a provider through routes to a strategy. Of several ways there, the one that holds back most."""

    provider: str
    routes: tuple[str, ...]
    strategy: str
    delays: tuple[StageDelay, ...]

    @property
    def total_delay(self) -> Duration:
        """The most that its windows hold an event back together."""
        return Duration(sum(delay.most.ns for delay in self.delays if delay.most is not None))

    @property
    def waits(self) -> bool:
        """Whether it also waits for other sources."""
        return any(delay.most is None for delay in self.delays)


def paths(graph: Graph) -> tuple[FlowPath, ...]:
    """One path for each provider, and edge into a strategy, that an event can take."""
    slowest: dict[str, dict[str, FlowPath]] = {}
    for route in graph.index.routes_in_order:
        slowest[route.name] = _through(route, slowest)
    found: list[FlowPath] = []
    for edge in graph.edges:
        if edge.target_kind == "strategy":
            found += (_to(edge, path) for path in slowest[edge.route].values())
    return tuple(found)


def _through(route: RouteNode, slowest: dict[str, dict[str, FlowPath]]) -> dict[str, FlowPath]:
    """The slowest way from each provider through this route, by the provider."""
    ways = [FlowPath(provider, (), "", ()) for provider in route.sources]
    ways += (path for name in route.routes for path in slowest[name].values())
    own = tuple(delay for stage in route.stages if (delay := _delay(route.name, stage)) is not None)
    longest: dict[str, FlowPath] = {}
    for way in sorted(ways, key=lambda path: path.total_delay.ns):
        longest[way.provider] = FlowPath(way.provider, (*way.routes, route.name), "", (*way.delays, *own))
    return longest


def _delay(route: str, stage: Stage) -> StageDelay | None:
    match stage:
        case Conflate():
            return StageDelay(route, stage, stage.every)
        case Kline():
            return StageDelay(route, stage, stage.interval)
        case Merge():
            return StageDelay(route, stage, None)
        case _:
            return None


def _to(edge: Edge, path: FlowPath) -> FlowPath:
    return FlowPath(path.provider, path.routes, edge.target, path.delays)
