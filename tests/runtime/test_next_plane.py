"""Routes that read routes, exchanged: what stands behind another may change while its reader does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

from meltica_compiler.compile import CompileOptions, compile_text
from meltica_compiler.graph import Graph
from meltica_compiler.layout import record_layout
from meltica_compiler.passes.memory import MAX_CODES
from meltica_compiler.plan import Fate, plan
from meltica_runtime.data_plane import DataPlane, build_data_plane
from meltica_runtime.next_plane import OutOfCodes, build_next_plane

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
        rows["seq"] = seq = plane.sequencer.take(1)
        rows["time"], rows["provider"] = 1e9 + seq, plane.codes.providers.index(provider)
        plane.ingresses[provider]["trade"].append(rows)
    plane.pump({}).run()


def test_a_merge_does_not_wait_on_for_those_that_another_route_no_longer_brings():
    narrow, wide = compiled("b.trade"), compiled("b.trade, c.trade")
    for old, new, more in ((narrow, wide, 6), (wide, narrow, 4)):
        before = build_data_plane(old)
        arrive(before, "abcabc")
        planned = plan(old, new)
        assert planned.fate("route:both") is Fate.RESTARTED
        exchanged = build_next_plane(before, new, planned)
        assert exchanged.switch() == 0
        plane = exchanged.plane
        held_before = before.flows["both"].events_out
        assert held_before == before.flows["both"].events_in, "what was held went out with its stage"
        arrive(plane, "abcabc")
        plane.pump({}).tick(2e9)
        assert plane.flows["both"].events_out == held_before + more


def test_names_that_are_gone_use_up_codes_until_there_are_none():
    graph = compiled("b.trade")
    before = build_data_plane(graph)
    most = structs.replace(before.codes, symbols=tuple(f"S{n}-USDT" for n in range(MAX_CODES)))
    with pytest.raises(OutOfCodes):
        build_next_plane(replace(before, codes=most), graph, plan(graph, graph))
