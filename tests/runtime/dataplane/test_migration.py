"""Routes that read routes, exchanged: what stands behind another may change while its reader does not."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from meltica_compiler.compile import CompileOptions, compile_text
from meltica_compiler.graph.graph import Graph
from meltica_compiler.passes.memory import MAX_CODES
from meltica_compiler.plan.plan import NodeAction, plan
from meltica_compiler.records.layout import record_layout
from meltica_runtime.clock import no_clock
from meltica_runtime.dataplane.ingest import Ingest
from meltica_runtime.dataplane.migration import OutOfCodes, RingTooSmall, plan_migration
from meltica_runtime.dataplane.plane import DataPlane, build_data_plane

TRADE = record_layout("trade")

MERGED = """
pipeline chain
provider a {{ adapter = fake, symbols = [BTC-USDT] }}
provider b {{ adapter = fake, symbols = [BTC-USDT] }}
provider c {{ adapter = fake, symbols = [BTC-USDT] }}
pool wide {{ events = 65_536, on_full = block }}
route near via wide = {} -> tape
route rest via wide = c.trade -> tape
route both via wide = a.trade, near | merge -> tape
sink tape = log {{}}
"""


def compiled(sources: str) -> Graph:
    result = compile_text("chain.mel", MERGED.format(sources), CompileOptions(Path(), False, {}))
    assert result.graph is not None, result.diagnostics
    return result.graph


def arrive(plane: DataPlane, providers: str) -> None:
    """One trade of each, in this order; then the pump runs."""
    for provider in providers:
        rows = np.zeros(1, TRADE.dtype)
        rows["seq"] = seq = plane.ingest.next_seq()
        rows["time"], rows["provider"] = 1e9 + seq, plane.codes.providers.index(provider)
        plane.ingresses[provider]["trade"].append(rows)
    plane.pump({}).run()


def test_a_merge_does_not_wait_on_for_those_that_another_route_no_longer_brings():
    narrow, wide = compiled("b.trade"), compiled("b.trade, c.trade")
    for old, new, more in ((narrow, wide, 6), (wide, narrow, 4)):
        before = build_data_plane(old, Ingest(no_clock))
        arrive(before, "abcabc")
        planned = plan(old, new)
        assert planned.action("route:both") is NodeAction.RESTARTED
        exchanged = plan_migration(before, new, planned)
        assert exchanged.apply(ExitStack()) == 0
        exchanged.commit()
        plane = exchanged.plane
        held_before = before.flows["both"].events_out
        assert held_before == before.flows["both"].events_in, "what was held went out with its stage"
        arrive(plane, "abcabc")
        plane.pump({}).tick(2e9)
        assert plane.flows["both"].events_out == held_before + more


def test_what_is_left_of_a_provider_that_another_route_no_longer_brings_is_merged_in_its_place():
    narrow, wide = compiled("b.trade"), compiled("b.trade, c.trade")
    before = build_data_plane(wide, Ingest(no_clock))
    rows = np.zeros(4, TRADE.dtype)
    rows["seq"] = before.ingest.next_seqs(4) + np.arange(4)
    rows["time"] = 1e9 + rows["seq"]
    rows["provider"] = [before.codes.providers.index(name) for name in "bccb"]
    for name in "bc":
        own = rows[rows["provider"] == before.codes.providers.index(name)]
        before.ingresses[name]["trade"].append(own)
    before.flows["near"].advance(before.ingest.last_seq)
    exchanged = plan_migration(before, narrow, plan(wide, narrow))
    assert exchanged.apply(ExitStack()) == 0
    exchanged.commit()
    merged = delivered(exchanged.plane, 2e9)
    assert len(merged) == 4
    assert merged == sorted(merged)


LINKED = """
pipeline chain
provider a {{ adapter = fake, symbols = [BTC-USDT] }}
provider b {{ adapter = fake, symbols = [BTC-USDT, ETH-USDT] }}
pool wide {{ events = 65_536, on_full = block }}
pool between {{ events = {capacity}, on_full = {policy} }}
route near via between = b.trade -> tape
route both via wide = a.trade, near -> tape
sink tape = log {{}}
"""


def linked(capacity: int, policy: str) -> Graph:
    text = LINKED.format(capacity=capacity, policy=policy)
    result = compile_text("chain.mel", text, CompileOptions(Path(), False, {}))
    assert result.graph is not None, result.diagnostics
    return result.graph


def held_up(graph: Graph, trades: list[int]) -> DataPlane:
    """The plane when trades of these symbols have come as far as the ring between the routes."""
    plane = build_data_plane(graph, Ingest(no_clock))
    ring = plane.ingresses["b"]["trade"]
    for code in trades:
        rows = np.zeros(1, TRADE.dtype)
        rows["seq"] = seq = plane.ingest.next_seq()
        rows["time"] = 1e9 + seq
        rows["symbol"], rows["provider"] = code, plane.codes.providers.index("b")
        if not ring.room():
            break
        ring.append(rows)
        plane.flows["near"].advance(plane.ingest.last_seq)
        ring.released = plane.flows["near"].position(ring)
    return plane


def delivered(plane: DataPlane, until_us: float = 0.0) -> list[float]:
    """The times of what comes out behind the ring between the routes."""
    times: list[float] = []

    def look(records: np.ndarray, chosen: np.ndarray | None) -> None:
        times.extend(records["time"] if chosen is None else records["time"][chosen])

    plane.flows["both"].tap = look
    plane.pump({}).tick(until_us)
    return times


@settings(deadline=None)
@given(
    before=st.sampled_from(["block", "drop_newest", "drop_oldest", "conflate"]),
    after=st.sampled_from(["block", "drop_newest", "drop_oldest", "conflate"]),
    capacities=st.tuples(st.sampled_from([16, 64]), st.sampled_from([16, 32])),
    trades=st.lists(st.integers(0, 1), max_size=60),
)
def test_what_waits_between_two_routes_goes_into_the_new_ring(before, after, capacities, trades):
    old, new = linked(capacities[0], before), linked(capacities[1], after)
    if old.hash == new.hash:
        return
    plane, same = held_up(old, trades), held_up(old, trades)
    waiting = delivered(same)
    exchanged = plan_migration(plane, new, plan(old, new))
    unread = plane.links["link:near->both"].unread
    if after == "block" and unread > capacities[1]:
        with pytest.raises(RingTooSmall) as refused:
            exchanged.check()
        assert refused.value == RingTooSmall("route:near", "trade", unread, capacities[1])
        return
    exchanged.check()
    with ExitStack() as back:
        assert exchanged.apply(back) == 0
    assert plane.links["link:near->both"].unread == unread
    exchanged = plan_migration(plane, new, plan(old, new))
    assert exchanged.apply(ExitStack()) == 0
    exchanged.commit()
    got = delivered(exchanged.plane)
    ring = exchanged.plane.edges["link:near->both"].statistics()
    assert set(got) <= set(waiting)
    assert got == sorted(got)
    assert len(set(got) & set(waiting[:unread])) + ring.dropped + ring.conflated >= unread
    if after == "block":
        assert got == waiting


def test_names_that_are_gone_use_up_codes_until_there_are_none():
    graph = compiled("b.trade")
    before = build_data_plane(graph, Ingest(no_clock))
    most = structs.replace(before.codes, symbols=tuple(f"S{n}-USDT" for n in range(MAX_CODES)))
    with pytest.raises(OutOfCodes):
        plan_migration(replace(before, codes=most), graph, plan(graph, graph))
