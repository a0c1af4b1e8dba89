"""A file becomes a graph, and the same graph whatever does not matter about the file."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from meltica_compiler.compile import CompileOptions, compile_file, compile_text
from meltica_compiler.kernels.load import load_kernel
from meltica_dsl.model.pipeline import FullPolicy

ROOT = Path(__file__).parents[2]
OPTIONS = CompileOptions(ROOT / "strategies", require_registry=False, environ={})

DECLARATIONS = (
    "provider binance { adapter = fake, symbols = [BTC-USDT, ETH-USDT], seed = 3 }",
    "provider paper { adapter = fake, symbols = [BTC-USDT], rate = 20_000/s }",
    "pool market { events = 1_024, on_full = drop_oldest }",
    "pool newest { events = 64, on_full = conflate }",
    "pool archive { events = 4_096, on_full = block }",
    "route trades via market = binance.trade, paper.trade | where symbol == BTC-USDT -> maker, pulse",
    "route books via newest = binance.book, paper.book | depth 20 | depth 5 -> maker",
    "route deep via archive = binance.book | depth 20 -> tape",
    'strategy maker = "market-making" { trade_on = paper, risk = low, config { size = 0.5, spread = 5bps } }',
    'strategy pulse = "logger"',
    "risk low { max_position = 2 }",
    "sink tape = log {}",
)


def text_of(declarations):
    return "\n".join(("pipeline example { memory = 8MiB }", *declarations))


def graph_of(text, path="example.mel"):
    compiled = compile_text(path, text, OPTIONS)
    assert compiled.diagnostics == ()
    return compiled.graph


@pytest.fixture(scope="module")
def graph():
    return graph_of(text_of(DECLARATIONS))


def test_declarations_become_nodes_and_edges(graph):
    assert graph.symbols == ("BTC-USDT", "ETH-USDT")
    assert [provider.name for provider in graph.providers] == ["binance", "paper"]
    assert [edge.id for edge in graph.edges] == [
        "edge:books->maker",
        "edge:deep->tape",
        "edge:trades->maker",
        "edge:trades->pulse",
    ]
    assert [provider.trades for provider in graph.providers] == [False, True]
    maker = graph.strategies[0]
    assert (maker.trade_on, maker.trade_symbols, maker.risk.name) == ("paper", ("BTC-USDT",), "low")
    assert str(graph.routes[0].location) == "example.mel:8:1"


def test_an_ingress_ring_is_as_large_and_deep_as_its_hungriest_route(graph):
    binance = {ingress.event: ingress for ingress in graph.providers[0].ingresses}
    paper = {ingress.event: ingress for ingress in graph.providers[1].ingresses}
    assert (binance["book"].capacity, binance["book"].depth) == (4_096, 20)
    assert (paper["book"].capacity, paper["book"].depth) == (64, 5)
    assert binance["trade"].capacity == 1_024
    assert "ticker" not in binance


def test_a_conflating_edge_has_a_place_for_each_symbol_of_each_provider(graph):
    books = graph.edges[0]
    assert books.policy is FullPolicy.CONFLATE
    assert books.depth == 5
    assert books.waiting_bytes == 3 * books.record_bytes


def test_what_waits_is_as_deep_as_the_ring_it_came_from():
    graph = graph_of(
        text_of(
            (
                "provider paper { adapter = fake, symbols = [BTC-USDT, ETH-USDT] }",
                "pool ram { events = 8, on_full = conflate }",
                "route shallow via ram = paper.book | depth 2 -> one",
                "route deep via ram = paper.book | depth 7 -> two",
                "sink one = log {}",
                "sink two = log {}",
            )
        )
    )
    deep, shallow = graph.edges
    assert shallow.record_bytes < deep.record_bytes
    assert shallow.waiting_bytes == deep.waiting_bytes == 2 * deep.record_bytes


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_declarations_changes_nothing(graph, seed):
    shuffled = random.Random(seed).sample(DECLARATIONS, len(DECLARATIONS))
    other = graph_of(text_of(shuffled))
    assert other.hash == graph.hash
    assert [edge.id for edge in other.edges] == [edge.id for edge in graph.edges]


def test_places_comments_and_spelling_do_not_change_the_hash(graph):
    spelt = (
        text_of(DECLARATIONS).replace("0.5", "0.50").replace("1_024", "1024").replace("20_000/s", "20/1ms")
    )
    assert graph_of("# a comment\n\n" + spelt, "elsewhere.mel").hash == graph.hash


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("seed = 3", "seed = 4"),
        ("events = 64", "events = 65"),
        ("on_full = block", "on_full = drop_newest"),
        ("symbol == BTC-USDT", "symbol == ETH-USDT"),
        ("5bps", "6bps"),
        ("max_position = 2", "max_position = 3"),
        ('"logger"', '"noop"'),
        ("-> maker, pulse", "-> pulse"),
        ("memory = 8MiB", "memory = 9MiB"),
        ("sink tape = log {}", "sink tape = log { level = debug }"),
    ],
)
def test_what_decides_what_happens_changes_the_hash(graph, old, new):
    text = text_of(DECLARATIONS)
    assert old in text
    assert graph_of(text.replace(old, new)).hash != graph.hash


def test_every_route_of_a_graph_has_a_kernel(graph):
    for route in graph.routes:
        assert load_kernel(route, graph).due_us() == float("inf")


def test_the_shipped_pipelines_compile():
    for path in sorted((ROOT / "pipelines").glob("*.mel")):
        compiled = compile_file(path, OPTIONS)
        assert compiled.diagnostics == (), path
        assert compiled.graph is not None


def test_a_file_that_cannot_be_read_is_one_error(tmp_path):
    binary = tmp_path / "binary.mel"
    binary.write_bytes(b"pipeline \xff\x00")
    for path, code in ((tmp_path / "none.mel", "E0901"), (tmp_path, "E0901"), (binary, "E0902")):
        compiled = compile_file(path, OPTIONS)
        assert compiled.graph is None
        assert [diagnostic.code for diagnostic in compiled.diagnostics] == [code]
        assert compiled.sources[0].path == str(path)


def test_a_secret_deep_in_a_config_is_refused_once():
    text = text_of(DECLARATIONS).replace("size = 0.5", 'size = [1, { a = secret("A") }]')
    codes = [diagnostic.code for diagnostic in compile_text("example.mel", text, OPTIONS).diagnostics]
    assert codes.count("E0801") == 1


def test_a_changed_module_is_another_graph(tmp_path):
    text = text_of(
        (
            "provider paper { adapter = fake, symbols = [BTC-USDT] }",
            "pool ram { events = 8, on_full = block }",
            "route trades via ram = paper.trade -> pulse",
            'strategy pulse = "logger"',
        )
    )
    source = (ROOT / "strategies" / "logger.js").read_text("utf-8")
    hashes = set()
    for module in (source, source + "\n// changed\n"):
        (tmp_path / "logger.js").write_text(module, "utf-8")
        compiled = compile_text("example.mel", text, CompileOptions(tmp_path, False, {}))
        assert compiled.diagnostics == ()
        hashes.add(compiled.graph.hash)
    assert len(hashes) == 2


def test_checking_imports_nothing_heavy():
    heavy = ("numpy", "jinja2", "pydantic", "rich", "asyncio", "lark", "py_mini_racer")
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from meltica_compiler.compile import CompileOptions, compile_file\n"
        f"options = CompileOptions(Path({str(ROOT / 'strategies')!r}), False, {{}})\n"
        f"compile_file(Path({str(ROOT / 'pipelines' / 'quickstart.mel')!r}), options)\n"
        f"print([name for name in {heavy!r} if name in sys.modules])\n"
    )
    for _ in range(2):  # the first run may have to fill the caches of modules and of the parser
        shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"
