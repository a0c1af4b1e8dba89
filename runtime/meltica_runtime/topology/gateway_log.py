"""What the gateway writes into its log of its nodes, with the node and its place in the file."""

from __future__ import annotations

import logging

from meltica_compiler.graph.graph import Node, StrategyNode
from meltica_dsl.model.value_text import duration_text
from meltica_dsl.model.values import Duration
from meltica_runtime.execution.faults import Fault, fault_text
from meltica_runtime.logs.line_format import log_extra
from meltica_runtime.store.halts import Halt
from meltica_runtime.strategies.fault import StrategyFault
from meltica_runtime.strategies.isolate import LogLine

_log = logging.getLogger("meltica")


def log_line(node: StrategyNode, line: LogLine) -> None:
    _log.info("%s", line.text, extra=log_extra(node))


def log_fault(node: StrategyNode, fault: StrategyFault, *, again: bool) -> None:
    what = "starts again" if again else "stays down: it has used up its restarts"
    _log.error("failed at %s; it %s", fault, what, extra=log_extra(node))


def log_slow(node: StrategyNode, took_us: float, budget: Duration) -> None:
    text = (
        "events took up to %.1f ms from their receipt to the end of their handler; the latency budget is %s"
    )
    _log.warning(text, took_us / 1e3, duration_text(budget), extra=log_extra(node))


def log_order_fault(fault: Fault) -> None:
    _log.error("orders: %s", fault_text(fault))


def log_halt(halt: Halt) -> None:
    """Of a kill switch that an earlier run left engaged."""
    state = f"engaged since {halt.since} ({halt.reason})"
    if halt.instance is None:
        text = "nothing trades: the kill switch of the whole gateway is %s; `--release-gateway` releases it"
        _log.warning(text, state)
    else:
        text = "%s does not trade: its kill switch is %s; `--release %s` lets it trade again"
        _log.warning(text, halt.instance, state, halt.instance)


def log_provider_failed(node: Node, error: str) -> None:
    _log.error("provider %s failed, and sends no more events: %s", node.name, error, extra=log_extra(node))


def log_cut_short(name: str, seconds: float) -> None:
    """Of a reader that is gone from the graph."""
    _log.warning("%s did not handle all that it had within %g s, and was ended", name, seconds)
