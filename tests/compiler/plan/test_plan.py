"""A plan says of each node what becomes of it, and why."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from meltica_compiler.compile import CompileOptions, compile_text
from meltica_compiler.graph.graph import Graph
from meltica_compiler.plan.plan import NodeAction, Reason, plan
from meltica_compiler.plan.text import plan_json, plan_text

ROOT = Path(__file__).parents[3]
OPTIONS = CompileOptions(ROOT / "strategies", require_registry=False, environ={})

TEXT = """
pipeline desk { memory = 64MiB }
provider paper { adapter = fake, symbols = [BTC-USDT, ETH-USDT], rate = 20_000/s }
provider other { adapter = fake, symbols = [BTC-USDT] }
pool market { events = 1_024, on_full = block }
pool small { events = 64, on_full = drop_oldest }
route trades via market = paper.trade, other.trade | where quantity >= 0.001 | dedupe within 60s
  -> maker, pulse
route books via small = other.book | depth 5 | conflate per symbol every 100ms -> maker
route tape via small = paper.trade -> kept
strategy maker = "market-making" { trade_on = paper, risk = low, config { size = 0.5, spread = 5bps } }
strategy pulse = "logger"
risk low { max_position = 2, order_throttle = 5/s }
sink kept = log {}
"""

EDITS = (
    ("quantity >= 0.001", "quantity >= 0.002"),
    ("within 60s", "within 30s"),
    (" | dedupe within 60s", ""),
    ("rate = 20_000/s", "rate = 10_000/s"),
    ("events = 1_024", "events = 2_048"),
    ("max_position = 2", "max_position = 3"),
    ("symbols = [BTC-USDT] ", "symbols = [BTC-USDT, SOL-USDT] "),
    ("-> maker, pulse", "-> pulse"),
    ("size = 0.5", "size = 0.25"),
    ("log {}", "log { level = debug }"),
    ("memory = 64MiB", "memory = 65_537KiB"),
    ('= "logger"', '= "logger:latest"'),
    ("other.book | depth 5", "other.book | depth 20"),
    (
        "\nsink kept = log {}",
        "\nsink kept = log {}\nsink more = log {}\nroute extra via small = paper.ticker -> more",
    ),
    ("trade_on = paper, risk = low", "trade_on = other, risk = low"),
)


def graph_of(text: str) -> Graph:
    compiled = compile_text("desk.mel", text, OPTIONS)
    assert compiled.graph is not None, compiled.diagnostics
    return compiled.graph


def edited(*edits: tuple[str, str]) -> Graph:
    text = TEXT
    for before, after in edits:
        assert before in text
        text = text.replace(before, after)
    return graph_of(text)


BASE = graph_of(TEXT)
CHOICES = st.sets(st.sampled_from(range(len(EDITS))), max_size=5)


def chosen(numbers: set[int]) -> Graph:
    text = TEXT
    for number in sorted(numbers):
        text = text.replace(*EDITS[number])
    return graph_of(text)


@given(CHOICES, CHOICES)
def test_there_are_changes_exactly_when_the_hashes_differ(one, other):
    old, new = chosen(one), chosen(other)
    assert bool(plan(old, new).changes) == (old.hash != new.hash)


def follows_a_restart(step):
    """A route that forgets what a provider sent."""
    return (
        step.kind == "route"
        and bool(step.reasons)
        and all("restarts" in reason.what for reason in step.reasons)
    )


@given(CHOICES, CHOICES)
def test_the_way_back_adds_what_was_removed_and_changes_what_was_changed(one, other):
    there, back = plan(chosen(one), chosen(other)), plan(chosen(other), chosen(one))
    inverse = {
        NodeAction.KEPT: {NodeAction.KEPT},
        NodeAction.ADDED: {NodeAction.REMOVED},
        NodeAction.REMOVED: {NodeAction.ADDED},
        NodeAction.MOVED: {NodeAction.MOVED, NodeAction.RESTARTED},
        NodeAction.RESTARTED: {NodeAction.MOVED, NodeAction.RESTARTED},
    }
    assert [step.id for step in there.steps] == [step.id for step in back.steps]
    for step, returned in zip(there.steps, back.steps, strict=True):
        assert (
            returned.action in inverse[step.action] or follows_a_restart(step) or follows_a_restart(returned)
        )


@given(CHOICES, CHOICES)
def test_every_change_has_its_reason_and_what_is_kept_has_none(one, other):
    for step in plan(chosen(one), chosen(other)).steps:
        has_both = step.action in (NodeAction.MOVED, NodeAction.RESTARTED)
        # A provider on paper that goes leaves orders behind.
        assert bool(step.reasons) == has_both or step.action is NodeAction.REMOVED
        assert all(reason != Reason("its compiled form differs") for reason in step.reasons)


def test_places_and_the_order_of_declarations_change_nothing():
    lines = TEXT.replace("\n  ->", " ->").strip().split("\n")
    moved = graph_of("\n".join([lines[0], "", "# another order", *reversed(lines[1:])]))
    planned = plan(BASE, moved)
    assert planned.changes == ()
    assert plan_text(planned) == f"desk: no changes, graph {BASE.hash[:12]}\n"


@pytest.mark.parametrize(
    ("edit", "id", "action", "reason"),
    [
        (EDITS[0], "route:trades", NodeAction.MOVED, "where quantity >= 0.001 → where quantity >= 0.002"),
        (EDITS[1], "route:trades", NodeAction.RESTARTED, "dedupe within 1m → dedupe within 30s"),
        (EDITS[3], "provider:paper", NodeAction.RESTARTED, "rate 20_000/s → 10_000/s"),
        (EDITS[3], "route:trades", NodeAction.MOVED, "forgets what paper sent, which restarts"),
        (EDITS[3], "strategy:pulse", NodeAction.KEPT, ""),
        (EDITS[4], "provider:other", NodeAction.MOVED, "trade ring 1_024 → 2_048"),
        (EDITS[4], "strategy:pulse", NodeAction.RESTARTED, "edge from trades: events 1_024 → 2_048"),
        (EDITS[4], "route:tape", NodeAction.KEPT, ""),
        (EDITS[5], "strategy:maker", NodeAction.MOVED, "max_position 2 → 3"),
        (EDITS[7], "strategy:maker", NodeAction.RESTARTED, "- edge from trades there"),
        (EDITS[7], "route:trades", NodeAction.MOVED, "- -> maker there"),
        (EDITS[9], "sink:kept", NodeAction.RESTARTED, "level info → debug"),
        (EDITS[10], "pipeline", NodeAction.MOVED, "memory 64MiB → 65_537KiB"),
        (EDITS[11], "strategy:pulse", NodeAction.MOVED, "selector"),
        (EDITS[13], "sink:more", NodeAction.ADDED, ""),
        (EDITS[13], "provider:paper", NodeAction.MOVED, "is now asked for ticker events"),
        (EDITS[3], "provider:paper", NodeAction.RESTARTED, "its open orders on paper expire"),
    ],
)
def test_what_an_edit_does_to_a_node(edit, id, action, reason):
    planned = plan(BASE, edited(edit))
    assert planned.action(id) is action
    assert reason in re.sub(r"\s+", " ", plan_text(planned, width=200))


def test_the_text_shows_places_and_keeps_to_its_width():
    planned = plan(BASE, graph_of("\n\n" + TEXT.replace(*EDITS[0]).replace(*EDITS[3])))
    shown = plan_text(planned, width=80)
    assert shown == (
        "~ provider paper  restarted                                       desk.mel:3 → 5\n"
        "      rate 20_000/s → 10_000/s\n"
        "      its open orders on paper expire, its balances are forgotten\n"
        "~ route trades  state moved                                       desk.mel:7 → 9\n"
        "      stage where quantity >= 0.001 → where quantity >= 0.002\n"
        "      forgets what paper sent, which restarts\n"
        "\n"
        "desk: 1 restarted, 1 state moved, 6 kept\n"
    )
    assert all(len(line) <= 80 for line in plan_text(planned, width=80).splitlines())
    assert re.sub(r"\x1b\[\d+m", "", plan_text(planned, width=80, color=True)) == shown


def test_the_json_form_has_every_node():
    planned = plan(BASE, edited(EDITS[0]))
    document = json.loads(plan_json(planned))
    assert [step["id"] for step in document["steps"]] == [step.id for step in planned.steps]
    (changed,) = [step for step in document["steps"] if step["fate"] != "kept"]
    assert changed["reasons"] == [
        {"what": "stage", "before": "where quantity >= 0.001", "after": "where quantity >= 0.002"}
    ]
    assert (changed["before"], changed["after"]) == ("desk.mel:7", "desk.mel:7")


def test_a_module_under_another_tag_runs_on():
    (pulse,) = (node for node in BASE.strategies if node.name == "pulse")
    retagged = replace(pulse, module=replace(pulse.module, tag="9.9.9"))
    others = tuple(node for node in BASE.strategies if node.name != "pulse")
    planned = plan(BASE, replace(BASE, strategies=(*others, retagged), hash="another"))
    assert planned.action("strategy:pulse") is NodeAction.MOVED


CHAINED = """
pipeline desk
provider paper { adapter = fake, symbols = [BTC-USDT] }
pool market { events = 1_024, on_full = block }
route trades via market = paper.trade -> kept
route novel via market = trades | dedupe within 60s -> pulse, tape
strategy pulse = "logger"
sink kept = log {}
sink tape = log {}
"""


def test_what_another_route_brings_counts_as_what_a_provider_sends():
    old, new = graph_of(CHAINED), graph_of(CHAINED.replace("[BTC-USDT]", "[BTC-USDT, ETH-USDT]"))
    planned = plan(old, new)
    for id in ("strategy:pulse", "sink:tape", "sink:kept"):
        assert planned.action(id) is NodeAction.RESTARTED, id
    (novel,) = (step for step in planned.steps if step.id == "route:novel")
    assert novel.reasons == (Reason("forgets what paper sent, which restarts"),)


REPLAYED = """
pipeline desk
provider tape { adapter = replay, path = "a.csv", format = tardis_book, symbols = [BTC-USDT] }
pool market { events = 1_024, on_full = block }
route books via market = tape.book | depth 5 -> kept
sink kept = log {}
"""


def test_a_recording_restarts_for_deeper_books():
    planned = plan(graph_of(REPLAYED), graph_of(REPLAYED.replace("depth 5", "depth 9")))
    assert planned.action("provider:tape") is NodeAction.RESTARTED


def test_a_provider_on_paper_that_goes_says_what_becomes_of_its_orders():
    another = TEXT.replace("paper", "other_paper")
    (gone,) = (step for step in plan(BASE, graph_of(another)).steps if step.id == "provider:paper")
    assert gone.action is NodeAction.REMOVED
    assert gone.reasons == (Reason("its open orders on paper expire, its balances are forgotten"),)
