"""Amounts fit a column and add up."""

from __future__ import annotations

from meltica_compiler.graph.graph import Graph
from meltica_compiler.text.amounts import memory_rows, printable, shorten, show_bytes, total_line


def test_bytes_have_three_digits_and_a_unit() -> None:
    shown = [show_bytes(n) for n in (0, 1023, 1024, 4_194_368, 1000 * 1024, 45 << 20, 3 << 30, 5000 << 40)]
    assert shown == ["0 B", "1023 B", "1.00 KiB", "4.00 MiB", "0.98 MiB", "45.0 MiB", "3.00 GiB", "5000 TiB"]


def test_memory_rows_add_up_to_the_total(quickstart_graph: Graph) -> None:
    rows = memory_rows(quickstart_graph)
    assert sum(count for _, count in rows) == quickstart_graph.total_bytes
    assert [label for label, _ in rows] == [
        "ingress rings",
        "strategy inboxes",
        "sink rings",
        "waiting places",
    ]


def test_the_total_names_the_budgets(quickstart_graph: Graph) -> None:
    assert total_line(quickstart_graph) == "memory 64.2 MiB of 4.00 GiB · latency 2ms"


def test_shortened_text_says_that_it_is() -> None:
    assert shorten("quantity", 8) == "quantity"
    assert shorten("quantities", 8) == "quantit…"


def test_a_name_cannot_steer_the_terminal() -> None:
    assert printable("a\x1b[2Jb") == "a\N{REPLACEMENT CHARACTER}[2Jb"
