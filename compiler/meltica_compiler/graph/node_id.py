"""How nodes and edges are known: a provider and a strategy may share a name, so a kind goes with it."""

from __future__ import annotations


class NodeId(str):
    """`strategy:maker`: the kind of a node and its name. It is its own text, in JSON too.

    >>> NodeId("strategy", "maker") == "strategy:maker", NodeId("sink", "tape").name
    (True, 'tape')
    """

    __slots__ = ()

    def __new__(cls, kind: str, name: str) -> NodeId:
        return super().__new__(cls, f"{kind}:{name}")

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]  # what `__new__` takes
        return self.kind, self.name

    @property
    def kind(self) -> str:
        """`provider`, `route`, `strategy` or `sink`."""
        return self.partition(":")[0]

    @property
    def name(self) -> str:
        return self.partition(":")[2]


def edge_id(route: str, target: NodeId) -> str:
    """The id of the edge from a route to one of its readers.

    >>> edge_id("trades", NodeId("sink", "tape")), edge_id("trades", NodeId("route", "klines"))
    ('edge:trades->tape', 'link:trades->klines')
    """
    return f"{'link' if target.kind == 'route' else 'edge'}:{route}->{target.name}"
