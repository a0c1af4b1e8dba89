"""Declarations with `for` and `if` compile to what somebody would have written out by hand."""

from __future__ import annotations

import random
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from meltica_compiler.compile import CompileOptions, compile_text
from meltica_compiler.graph.canonical import graph_json
from meltica_dsl.formatting.formatter import format_source

ROOT = Path(__file__).parents[2]
OPTIONS = CompileOptions(ROOT / "strategies", require_registry=False, environ={})
SYMBOLS = ("BTC-USDT", "ETH-USDT", "SOL-USDT", "XRP-USDT")

BODIES = (
    ("provider feed", "{{ adapter = fake, symbols = [{s}], seed = {n} }}"),
    ("pool ram", "{{ events = {n} * 8, on_full = drop_oldest }}"),
    ("risk careful", "{{ max_position = if {s} == BTC-USDT then 1 else {n} }}"),
    (
        "strategy maker",
        '= "market-making" {{ trade_on = feed{i}, risk = careful{i}, config {{ size = {n} }} }}',
    ),
    (
        "route trades",
        "via ram{i} = feed{i}.trade | where symbol == {s} | only({s}) | sample {n} -> maker{i}, tape",
    ),
)
REST = "pipeline families\nstage only(x) = where symbol == x\nsink tape = log\n"


def compiled(text):
    return compile_text("families.mel", text, OPTIONS)


def by_family(symbols, numbers):
    lists = f"let symbols = [{', '.join(symbols)}]\nlet numbers = [{', '.join(map(str, numbers))}]\n"
    bodies = [
        f"{head} for s in symbols for n in numbers {body.format(s='s', n='n', i='[s, n]')}"
        for head, body in BODIES
    ]
    return REST + lists + "\n".join(bodies)


def by_hand(symbols, numbers):
    """The same, each instance with a plain name, and the names that stand for them."""
    names, bodies = {}, []
    for symbol in symbols:
        for number in numbers:
            index = f"_{symbol.replace('-', '_')}_{number}"
            names[index] = f"[{symbol}, {number}]"
            bodies += [f"{head}{index} {body.format(s=symbol, n=number, i=index)}" for head, body in BODIES]
    return REST + "\n".join(bodies), names


def content(graph):
    """What the graph says, without its places and its hash."""
    lines = graph_json(replace(graph, hash="")).splitlines()
    return "\n".join(line for line in lines if '"location"' not in line)


symbols = st.lists(st.sampled_from(SYMBOLS), min_size=1, max_size=3, unique=True)
numbers = st.lists(st.integers(1, 9), min_size=1, max_size=2, unique=True)


@settings(max_examples=15, deadline=None)
@given(symbols, numbers)
def test_a_family_is_what_its_instances_are_by_hand(symbols, numbers):
    family = compiled(by_family(symbols, numbers)).graph
    text, names = by_hand(symbols, numbers)
    expected = content(compiled(text).graph)
    for index, name in names.items():
        expected = expected.replace(index, name)
    # Names sort otherwise than what stands for them: the lines are the same, their order is not.
    assert sorted(content(family).splitlines()) == sorted(expected.splitlines())


@settings(max_examples=15, deadline=None)
@given(symbols, numbers, st.randoms(use_true_random=False))
def test_neither_the_order_of_items_and_declarations_nor_formatting_changes_the_hash(
    symbols, numbers, chance
):
    text = by_family(symbols, numbers)
    graph = compiled(text).graph
    shuffled = by_family(chance.sample(symbols, len(symbols)), chance.sample(numbers, len(numbers))).split(
        "\n"
    )
    random.Random(0).shuffle(shuffled)
    assert compiled("\n".join(shuffled)).graph.hash == graph.hash
    assert compiled(format_source("families.mel", text).text).graph.hash == graph.hash


def test_what_is_switched_off_leaves_the_graph_of_the_rest():
    rest = by_family(["BTC-USDT"], [1])
    more = """
provider okx if 1 > 2 { adapter = fake, symbols = [BTC-USDT], seed = 9 }
strategy other for s in symbols if s == ETH-USDT = "noop"
route a via ram[BTC-USDT, 1] = okx.trade -> maker
route b via ram[BTC-USDT, 1] = feed.trade -> other
"""
    used = rest.replace("feed[s, n].trade", "feed[s, n].trade, okx.trade").replace(
        "maker[s, n], tape", "maker, other, tape"
    )
    assert compiled(used + more).diagnostics == ()
    assert compiled(used + more).graph.hash == compiled(rest).graph.hash


def test_a_mistake_that_only_the_compiler_sees_is_said_once():
    text = by_family(SYMBOLS, [1, 2]).replace('"market-making"', '"market-makin"').replace("seed", "sed")
    assert [d.code for d in compiled(text).diagnostics] == ["E0303", "E0501"]


def test_a_condition_that_is_never_met_is_said_once_for_all_routes():
    text = by_family(SYMBOLS, [1]).replace("where symbol == s ", "where symbol == DOGE-USDT ")
    assert [d.code for d in compiled(text).diagnostics] == ["E0606"]
