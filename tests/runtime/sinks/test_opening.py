from __future__ import annotations

import pytest

from meltica_compiler.adapters.sinks import LATER_SINK_KINDS, SINK_KINDS
from meltica_dsl.model.pipeline import FullPolicy

WITH_A_DATABASE = ("postgres",)
"""They need more than a folder, and have tests of their own."""

ALONE = [kind for kind in SINK_KINDS if kind not in (*LATER_SINK_KINDS, *WITH_A_DATABASE)]


@pytest.mark.parametrize("kind", ALONE)
def test_every_kind_that_runs_opens(shop, make_trades, tmp_path, kind):
    edges = [shop.edge(capacity=4, policy=policy) for policy in FullPolicy]
    sink = shop.opened(kind, edges, tmp_path)
    statistics = shop.written(sink, [(edge, make_trades([n])) for n, edge in enumerate(edges)])
    assert sink.name == "tape"
    assert (statistics.events, statistics.written) == (4, 4)
    assert [edge.statistics().consumed for edge in edges] == [1, 1, 1, 1]
