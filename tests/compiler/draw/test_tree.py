"""The tree in the terminal."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable

import pytest
from msgspec.structs import replace
from tests.compiler.draw.desks import BASES, chained, large

from meltica_compiler.draw.terminal import cells
from meltica_compiler.draw.tree import render_tree
from meltica_compiler.graph.graph import Graph
from meltica_dsl.text.source import Location

QUICKSTART_60 = """\
spot_maker  #c5198bfe9f0a · memory 64.2 MiB of 4.00 GiB ·
  latency 2ms

providers
├─ binance  binance · BTC-USDT, ETH-USDT
│  ├─ trade  65,536 × 64 B                          4.00 MiB
│  └─ book 20  65,536 × 696 B                       43.5 MiB
├─ okx  okx · BTC-USDT
│  │  api_key = secret("OKX_API_KEY") ·
│  │    passphrase = secret("OKX_PASSPHRASE")
│  └─ trade  65,536 × 64 B                          4.00 MiB
└─ paper  fake · BTC-USDT
   │  rate = 20_000/s · seed = 7
   │  ◀ takes orders
   └─ trade  65,536 × 64 B                          4.00 MiB

routes
├─ trades  trade
│  │  ◀ binance, okx, paper
│  │  | where symbol == BTC-USDT
│  │  | where quantity >= 0.001
│  │  | dedupe within 1m
│  ├─▶ maker  market 65,536 × drop_oldest           4.00 MiB
│  └─▶ tape  market 65,536 × block                  4.00 MiB
└─ quotes  book 20
   │  ◀ binance
   │  | depth 20
   │  | conflate per symbol every 100ms
   └─▶ maker  books 1,024 × conflate                 699 KiB

strategies
└─ maker  market-making:latest · market-making:1.2.0
   │  ◀ trades, quotes
   │  inbox 4.68 MiB · linger 200us
   │  size = 0.01 · spread = 0.0005
   └╌▶ risk careful ─▶ paper
         max_position 2 · max_notional 250_000 ·
           order_throttle 5/s · order_burst 10 ·
           max_open_orders 6 · price_band 2% ·
           order_types [limit, market] ·
           kill_switch { after = 5 } ·
           circuit_breaker { threshold = 3, cooldown = 30s }

sinks
└─ tape  parquet
      ◀ trades
      path = "data/tape/{date}/{event}.parquet"

memory
  ingress rings                 55.5 MiB
  strategy inboxes              4.68 MiB
  sink rings                    4.00 MiB
  waiting places                2.72 KiB
  total             64.2 MiB of 4.00 GiB
"""


def test_the_quickstart_in_sixty_columns(quickstart_graph: Graph) -> None:
    assert render_tree(quickstart_graph, 60, color=False) == QUICKSTART_60


@pytest.mark.parametrize("width", [40, 60, 80, 132])
def test_lines_keep_to_the_width(generate: Callable[[int], Graph], width: int) -> None:
    for graph in (generate(50), large()):
        for line in render_tree(graph, width, color=False).splitlines():
            assert cells(line) <= width


def test_a_large_graph_is_summed_up_and_says_how_to_see_all() -> None:
    lines = render_tree(large(), 80, color=False).splitlines()
    assert len(lines) < 120
    assert "├─ trades[…]  160 × trade" in lines
    assert lines[-1] == "444 nodes are summed up as 6: meltica graph demo.mel --all shows each"
    whole = render_tree(large(), 80, color=False, whole=True).splitlines()
    assert len(whole) > 1_000
    assert "--all" not in whole[-1]


def test_routes_stand_behind_those_that_they_read() -> None:
    for graph, names in (
        (chained(BASES[:1]), ["wide[BTC-USDT]", "narrow[BTC-USDT]", "last[BTC-USDT]"]),
        (chained(BASES), ["wide[…]", "narrow[…]", "last[…]"]),
    ):
        text = render_tree(graph, 80, color=False)
        routes = text[text.index("\nroutes\n") : text.index("\nsinks\n")]
        assert re.findall(r"^[├└]─ (\S+)", routes, re.MULTILINE) == names


def test_colour_changes_nothing_but_colour(quickstart_graph: Graph) -> None:
    colored = render_tree(quickstart_graph, 80, color=True)
    assert "\x1b[33mmarket" in colored
    plain = "\n".join(line.rstrip() for line in re.sub(r"\x1b\[[\d;]*m", "", colored).split("\n"))
    assert plain == render_tree(quickstart_graph, 80, color=False)


def test_places_in_the_file_change_nothing(quickstart_graph: Graph) -> None:
    moved = replace(
        quickstart_graph,
        routes=tuple(replace(r, location=Location("other.mel", 9, 9)) for r in quickstart_graph.routes),
    )
    assert render_tree(moved, 80, color=False) == render_tree(quickstart_graph, 80, color=False)


def test_a_dry_run_and_a_missing_risk_block_are_said(quickstart_graph: Graph) -> None:
    bare = replace(quickstart_graph.strategies[0], risk=None, dry_run=True)
    text = render_tree(replace(quickstart_graph, strategies=(bare,)), 80, color=False)
    assert "no risk limits ─▶ paper  dry run: orders are held back" in text


def test_the_tree_imports_nothing_heavy() -> None:
    heavy = {"rich", "graphviz", "jinja2", "pygraphviz", "numpy", "lark"}
    code = f"import sys, meltica_compiler.draw.tree; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
