"""What the compiler proves of a graph is what it says of it, to people and to programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from meltica_compiler.analyses.failure_impact import failure_impacts
from meltica_compiler.analyses.latency import paths
from meltica_compiler.analyses.secret_flow import secret_flows
from meltica_compiler.compile import CompileOptions, compile_text
from meltica_compiler.emit import JSON_PARTS, emit, emit_json
from meltica_dsl.model.values import Secret

ROOT = Path(__file__).parents[3]
OPTIONS = CompileOptions(ROOT / "strategies", require_registry=False, environ={})
DESK = """
pipeline desk { memory = 64MiB, latency = 2ms }
provider binance { adapter = fake, symbols = [BTC-USDT] }
provider paper { adapter = fake, symbols = [BTC-USDT] }
provider apart { adapter = fake, symbols = [BTC-USDT] }
pool quick { events = 1_024, on_full = drop_oldest }
pool sure { events = 16_384, on_full = block }
route trades via sure = binance.trade -> tape
route candles via sure = trades | kline 1m -> pulse
route quotes via quick = paper.book | conflate per symbol every 100ms -> maker
route both via quick = binance.ticker, paper.ticker | merge -> maker
route calm via quick = apart.trade -> pulse
strategy maker = "market-making" { trade_on = paper, risk = careful, config { size = 0.01 } }
strategy pulse = "logger"
risk careful { max_position = 2 }
sink tape = log
"""


def compiled(text):
    result = compile_text("desk.mel", text, OPTIONS)
    assert result.graph is not None, result.diagnostics
    return result


@pytest.fixture(scope="module")
def graph():
    return compiled(DESK).graph


@pytest.fixture(scope="module")
def blast(graph):
    return {(one.kind, one.node): one for one in failure_impacts(graph)}


def test_a_reader_behind_a_blocking_edge_stalls_all_before_it_and_starves_all_behind_those(blast):
    tape = blast["sink", "tape"]
    assert tape.stalls == ("binance", "trades")
    assert set(tape.starves) == {"both", "candles", "maker", "pulse"}
    assert tape.loses == ()


def test_blocking_reaches_back_through_routes_that_read_routes(blast):
    assert blast["strategy", "pulse"].stalls == ("binance", "candles", "trades")


def test_a_reader_behind_lossy_edges_only_hurts_itself(blast):
    maker = blast["strategy", "maker"]
    assert (maker.stalls, maker.starves) == ((), ())
    assert set(maker.loses) == {"quotes → maker (drop_oldest)", "both → maker (drop_oldest)"}


def test_a_reader_of_both_kinds_stalls_by_the_one_and_loses_by_the_other(blast):
    assert blast["strategy", "pulse"].loses == ("calm → pulse (drop_oldest)",)


def test_a_provider_starves_what_is_behind_it_and_strands_who_trades_there(blast):
    paper = blast["provider", "paper"]
    assert (paper.stalls, paper.strands) == ((), ("maker",))
    assert set(paper.starves) == {"quotes", "both", "maker"}


def test_nothing_reaches_across_to_what_shares_no_flow(blast):
    others = [one for one in blast.values() if one.node not in ("apart", "calm")]
    touched = {name for one in others for name in (*one.stalls, *one.starves)}
    assert "apart" not in touched


def test_paths_say_how_long_their_windows_hold_events_back(graph):
    held = {(path.provider, path.routes): (path.total_delay.us, path.waits) for path in paths(graph)}
    assert held == {
        ("binance", ("trades", "candles")): (60e6, False),
        ("paper", ("quotes",)): (100e3, False),
        ("binance", ("both",)): (0, True),
        ("paper", ("both",)): (0, True),
        ("apart", ("calm",)): (0, False),
    }


def test_of_several_ways_the_one_that_holds_back_most_counts():
    more = """
route fast via sure = paper.trade
route slow via sure = paper.trade | conflate per symbol every 3s
route late via sure = slow, fast -> pulse
"""
    (late,) = (path for path in paths(compiled(DESK + more).graph) if path.routes[-1] == "late")
    assert (late.routes, late.total_delay.us) == (("slow", "late"), 3e6)


def test_a_window_longer_than_the_budget_is_a_warning_at_its_stage():
    result = compiled(DESK)
    shown = [
        (d.severity.value, DESK[d.span.start : d.span.end]) for d in result.diagnostics if d.code == "E0611"
    ]
    assert shown == [("warning", "kline 1m"), ("warning", "conflate per symbol every 100ms")]
    wide = compiled(DESK.replace("2ms", "100ms")).diagnostics
    assert [d.message for d in wide if d.code == "E0611"] == [
        "a path to `pulse` holds events back for up to 1m, and the budget is 100ms"
    ]
    assert "E0611" not in {d.code for d in compiled(DESK.replace(", latency = 2ms", "")).diagnostics}


def test_every_secret_is_found_wherever_it_is(graph):
    provider, *others = graph.providers
    given = replace(provider, settings={"key": Secret("KEY"), "more": {"inner": (Secret("INNER"),)}})
    leaking = replace(graph.sinks[0], settings={"path": Secret("LEAK")})
    ways = secret_flows(replace(graph, providers=(given, *others), sinks=(leaking,)))
    assert [(way.secret, way.adapter, way.node, way.setting) for way in ways] == [
        ("INNER", "fake", provider.name, "more"),
        ("KEY", "fake", provider.name, "key"),
        ("LEAK", None, "tape", "path"),
    ]


TAKEN = 'secret("KEY")'
REFUSED = (
    f"sink copy = log {{ level = {TAKEN} }}",
    f"strategy s = {TAKEN}",
    f'strategy s = "logger" {{ config {{ prefix = [{TAKEN}] }} }}',
    f"provider x for s in [{TAKEN}] {{ adapter = fake, symbols = [BTC-USDT] }}",
    f"provider x {{ adapter = fake, symbols = [BTC-USDT], balances = {{ USDT = {TAKEN} }} }}",
    f"pool p {{ events = {TAKEN}, on_full = block }}",
    f"risk r {{ max_position = {TAKEN} }}",
    f"route r via quick = paper.trade | where price > {TAKEN} -> tape",
    f"stage f(x) = where price > x\nroute r via quick = paper.trade | f({TAKEN}) -> tape",
    f'test "t" {{ at 0ms paper.trade {{ price = {TAKEN}, quantity = 1 }}\n expect tape receives 1 trade }}',
    f'test "t" {{ at 0ms paper disconnects\n expect maker orders {{ side = {TAKEN} }} }}',
)


@pytest.mark.parametrize("declaration", REFUSED)
@pytest.mark.parametrize("way", ["as it is", "by a constant"])
def test_a_secret_flows_nowhere_but_to_an_adapter(declaration, way):
    if way == "by a constant":
        declaration = f"let hidden = {TAKEN}\n" + declaration.replace(TAKEN, "hidden")
    codes = {d.code for d in compile_text("desk.mel", DESK + declaration, OPTIONS).diagnostics}
    assert "E0801" in codes


@pytest.mark.parametrize("part", sorted({*JSON_PARTS, "graph"}))
def test_every_proof_is_json_too(graph, part):
    json.loads(emit_json(graph, part))
    assert emit(graph, part).endswith("\n")


@pytest.fixture
def plain(graph):
    return lambda part: json.loads(emit_json(graph, part))


def test_the_json_says_what_the_tables_say(graph, plain):
    assert plain("budget")["totalBytes"] == sum(item["bytes"] for item in plain("budget")["items"])
    assert {edge["edge"] for edge in plain("loss")} == {edge.id for edge in graph.all_edges}
    assert [edge["stalls"] for edge in plain("loss") if edge["target"] == "tape"] == [["binance"]]
    assert {row["node"] for row in plain("blast")} == {
        *(node.name for node in (*graph.providers, *graph.routes, *graph.strategies, *graph.sinks))
    }
    assert plain("latency")["budgetUs"] == 2_000
    assert plain("secrets") == []
