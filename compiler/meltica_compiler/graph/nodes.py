"""The nodes and edges of a compiled graph."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from meltica_compiler.graph.node_id import NodeId
from meltica_dsl.model.fields import EVENT_BY_NAME
from meltica_dsl.model.pipeline import FullPolicy, Linger, Risk, Stage, event_after
from meltica_dsl.model.values import Duration, Secret, Size
from meltica_dsl.text.source import Location

SettingValue = (
    None
    | bool
    | int
    | float
    | Decimal
    | str
    | Secret
    | tuple["SettingValue", ...]
    | dict[str, "SettingValue"]
)
"""A setting after its schema: durations are seconds (float), rates per second (float), sizes bytes
(int), ratios plain numbers (Decimal)."""


class Ingress(Struct, frozen=True):
    """The ring that a provider writes one event type into.

    `capacity` in records; `depth` is the number of levels a side of a book record, 0 for other events.
    """

    event: str
    capacity: int
    depth: int
    record_bytes: int
    ring_bytes: int


class ProviderNode(Struct, frozen=True):
    """A provider, and the rings that it writes into."""

    id: NodeId
    name: str
    adapter: str
    symbols: tuple[str, ...]
    settings: dict[str, SettingValue]
    ingresses: tuple[Ingress, ...]
    trades: bool
    """Some strategy sends orders here."""
    location: Location


class RouteNode(Struct, frozen=True):
    """`sources` are provider names; all deliver `event`. `depth` is that of the records it gives."""

    id: NodeId
    name: str
    event: str
    depth: int
    sources: tuple[str, ...]
    stages: tuple[Stage, ...]
    pool: str
    durable: bool
    location: Location
    routes: tuple[str, ...] = ()
    """The routes that it reads, by name; what they give is `event` too."""

    @property
    def gives(self) -> str:
        """The event that its stages make of `event`."""
        return event_after(EVENT_BY_NAME[self.event], self.stages).name


class ModuleInfo(Struct, frozen=True):
    """A strategy module as it was resolved: the source text itself is part of the graph."""

    name: str
    tag: str
    sha256: str
    path: str
    source: str
    display_name: str
    description: str
    events: tuple[str, ...]
    """Event types it handles, by our names (`trade`, `book`, …)."""


class Place(Struct, frozen=True):
    """Where a strategy's thread runs: on these processors alone, by their numbers, in order."""

    name: str
    cpus: tuple[int, ...]


class StrategyNode(Struct, frozen=True):
    """A strategy instance, and the inbox that it reads."""

    id: NodeId
    name: str
    selector: str
    module: ModuleInfo
    config: dict[str, SettingValue]
    trade_on: str | None
    trade_symbols: tuple[str, ...]
    """Symbols an order may name; the first is meant when it names none."""
    risk: Risk | None
    dry_run: bool
    linger: Linger
    memory: Size
    drain_limit: Duration
    restarts: int
    inbox_bytes: int
    """The SharedArrayBuffer of its inbox: control words and the rings of all its edges."""
    location: Location
    place: Place | None = None
    """None where it may run on any processor."""


class SinkNode(Struct, frozen=True):
    """A sink, with its settings as its kind takes them."""

    id: NodeId
    name: str
    kind: str
    settings: dict[str, SettingValue]
    location: Location


class Edge(Struct, frozen=True):
    """One reader of one route, with a ring of its own. `ring_bytes` includes its control words;
    `waiting_bytes` are the places (one a symbol and provider) that policy `conflate` waits in."""

    id: str
    """As `node_id.edge_id` makes it."""
    route: str
    target: str
    """Name of the strategy, sink or route."""
    target_kind: str
    """`strategy`, `sink` or, of a link, `route`."""
    event: str
    pool: str
    policy: FullPolicy
    capacity: int
    depth: int
    record_bytes: int
    ring_bytes: int
    waiting_bytes: int
    location: Location

    @property
    def target_id(self) -> NodeId:
        return NodeId(self.target_kind, self.target)

    @property
    def is_link(self) -> bool:
        """It leads to a route."""
        return self.target_kind == "route"


Node = ProviderNode | RouteNode | StrategyNode | SinkNode
