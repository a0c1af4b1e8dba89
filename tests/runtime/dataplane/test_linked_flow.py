"""Routes that read routes deliver what they would deliver at once and with room for everything."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from meltica_compiler.analyses.budget import budget
from meltica_compiler.compile import CompileOptions, compile_text
from meltica_compiler.graph.graph import Graph
from meltica_compiler.records.layout import record_layout
from meltica_runtime.clock import no_clock
from meltica_runtime.dataplane.ingest import Ingest
from meltica_runtime.dataplane.plane import build_data_plane
from meltica_runtime.dataplane.ring_reader import RingReader

TRADE = record_layout("trade")
BLOCK = "block"

PIPELINE = """
pipeline chain
provider p {{ adapter = fake, symbols = [BTC-USDT, ETH-USDT] }}
provider q {{ adapter = fake, symbols = [BTC-USDT] }}
pool first {{ events = {first}, on_full = {policy} }}
pool second {{ events = {second}, on_full = block }}
pool wide {{ events = 4_096, on_full = block }}
route last via second = both, thin -> three
route thin via first = p.trade | conflate per symbol every 10us | sample 2 -> one
route both via second = thin, q.trade, p.trade | where quantity > 1 -> two
route fresh via wide = q.trade -> three
sink one = log {{}}
sink two = log {{}}
sink three = log {{}}
"""


def compiled(first: int, second: int, policy: str = BLOCK) -> Graph:
    text = PIPELINE.format(first=first, second=second, policy=policy)
    result = compile_text("chain.mel", text, CompileOptions(Path(), False, {}))
    assert result.graph is not None, result.diagnostics
    return result.graph


class Chain:
    def __init__(self, graph: Graph) -> None:
        self.plane = build_data_plane(graph, Ingest(no_clock))
        self.cuts: dict[str, float] = {}
        sinks = [sink.name for sink in graph.sinks]
        self.pump = self.plane.pump({name: lambda cut, name=name: self._woken(name, cut) for name in sinks})
        self.readers = {edge.id: (edge.target, RingReader(self.plane.edges[edge.id])) for edge in graph.edges}
        self.read: dict[str, list[int]] = {edge: [] for edge in self.readers}
        self.sure = dict.fromkeys(self.readers, 0.0)
        """The cut up to which each edge was said to be filled when its reader had read all of it."""

    def _woken(self, name: str, cut: float) -> None:
        assert cut >= self.cuts.get(name, 0.0)
        self.cuts[name] = cut

    def arrive(self, providers: list[str]) -> None:
        """One trade of each of these, in this order, each as soon as there is room."""
        for provider in providers:
            ring = self.plane.ingresses[provider]["trade"]
            for _ in range(100):
                if ring.room():
                    break
                self.pump.run()
                self.take(100)
            seq = self.plane.ingest.next_seq()
            rows = np.zeros(1, TRADE.dtype)
            rows["seq"], rows["time"], rows["provider"] = seq, seq, "pq".index(provider)
            rows["symbol"], rows["quantity"] = (seq // 3) % 2 if provider == "p" else 0, seq % 3
            ring.append(rows)

    def take(self, limit: int) -> None:
        for edge, (target, reader) in self.readers.items():
            seqs = reader.take(limit)["seq"].astype(int).tolist()
            assert not seqs or min(seqs) >= self.sure[edge]
            self.read[edge] += seqs
            if not reader.edge.statistics().waiting:
                self.sure[edge] = self.cuts.get(target, 0.0)

    def finish(self) -> dict[str, list[int]]:
        for _ in range(10_000):
            self.pump.run()
            if self.pump.is_idle and all(edge.is_empty for edge in self.plane.edges.values()):
                return self.read
            self.take(100)
        raise AssertionError("it stands still")


arrivals = st.lists(st.lists(st.sampled_from("pq"), max_size=30), max_size=12)


@settings(max_examples=60, deadline=None, phases=[Phase.generate])
@given(arrivals, st.integers(5, 9), st.integers(1, 9), st.data())
def test_neither_batches_nor_small_rings_change_what_blocking_routes_deliver(
    batches: list[list[str]], first: int, second: int, data: st.DataObject
) -> None:
    whole = Chain(compiled(4_096, 4_096))
    whole.arrive([provider for batch in batches for provider in batch])
    wanted = whole.finish()
    chain = Chain(compiled(first, second))
    for batch in batches:
        chain.arrive(batch)
        chain.pump.run()
        chain.take(data.draw(st.sampled_from([0, 1, 3, 100])))
    assert chain.finish() == wanted
    assert all(edge.statistics().dropped == 0 for edge in chain.plane.edges.values())


@pytest.mark.parametrize("policy", ["drop_oldest", "drop_newest", "conflate"])
def test_a_small_ring_loses_nothing_while_its_route_goes_on(policy: str) -> None:
    whole = Chain(compiled(4_096, 4_096))
    whole.arrive(["p", "q", "p"] * 100)
    chain = Chain(compiled(5, 4_096, policy))
    chain.arrive(["p", "q", "p"] * 100)
    chain.pump.run()
    assert chain.finish()["edge:last->three"] == whole.finish()["edge:last->three"]
    links = [edge.statistics() for name, edge in chain.plane.edges.items() if name.startswith("link")]
    assert all(link.dropped == link.conflated == 0 for link in links)


@pytest.mark.parametrize("policy", ["drop_oldest", "drop_newest", "conflate"])
def test_a_lossy_ring_lets_its_route_go_on_when_the_one_behind_it_stands_still(policy: str) -> None:
    text = f"""
    pipeline chain
    provider p {{ adapter = fake, symbols = [BTC-USDT, ETH-USDT] }}
    provider q {{ adapter = fake, symbols = [BTC-USDT] }}
    pool lossy {{ events = 16, on_full = {policy} }}
    pool tiny {{ events = 2, on_full = block }}
    route thin via lossy = p.trade -> one
    route both via tiny = thin, q.trade -> two
    sink one = log {{}}
    sink two = log {{}}
    """
    graph = compile_text("chain.mel", text, CompileOptions(Path(), False, {})).graph
    assert graph is not None
    chain = Chain(graph)
    for _ in range(10):
        chain.arrive(["p"] * 8)
        chain.pump.run()
        chain.readers["edge:thin->one"][1].take(100)
    thin, both = chain.plane.flows["thin"], chain.plane.flows["both"]
    assert thin.backlog == 0
    assert both.backlog > 0
    assert chain.cuts["two"] < chain.cuts["one"] == chain.plane.ingest.last_seq
    chain.finish()
    link = chain.plane.edges["link:thin->both"].statistics()
    assert link.dropped + link.conflated > 0
    assert link.offered == 80 == link.consumed + link.dropped + link.conflated
    assert len(chain.read["edge:both->two"]) == link.consumed


@pytest.mark.parametrize("policy", [BLOCK, "conflate"])
def test_rings_between_routes_are_in_the_budget(policy: str) -> None:
    graph = compiled(100, 50, policy)
    plane = build_data_plane(graph, Ingest(no_clock))
    taken = sum(ring.memory.nbytes for own in plane.ingresses.values() for ring in own.values())
    taken += sum(edge.size_bytes for edge in plane.edges.values())
    taken += sum(edge._waiting.records.nbytes for edge in plane.edges.values() if edge._waiting)
    assert taken == graph.total_bytes == sum(item.bytes for item in budget(graph))
    assert {item.holder for item in budget(graph)} > {"thin → both", "thin → last", "both → last"}
