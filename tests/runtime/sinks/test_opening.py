from __future__ import annotations

import pytest

from meltica_compiler.sinks import SINK_KINDS
from meltica_dsl.model import FullPolicy


@pytest.mark.parametrize("kind", SINK_KINDS)
def test_every_kind_that_the_compiler_lets_through_opens(shop, make_trades, tmp_path, kind):
    edges = [shop.edge(capacity=4, policy=policy) for policy in FullPolicy]
    sink = shop.opened(kind, edges, tmp_path)
    statistics = shop.written(sink, [(edge, make_trades([n])) for n, edge in enumerate(edges)])
    assert sink.name == "tape"
    assert (statistics.events, statistics.written) == (4, 4)
    assert [edge.statistics().consumed for edge in edges] == [1, 1, 1, 1]
