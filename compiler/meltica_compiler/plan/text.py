"""A plan for people, and for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from textwrap import wrap

from msgspec import to_builtins

from meltica_compiler.plan.plan import NodeAction, Plan, PlanStep, Reason
from meltica_compiler.text.amounts import HASH_LENGTH, printable, shorten, show_bytes

MIN_WIDTH = 40

_MARKS = {
    NodeAction.KEPT: "=",
    NodeAction.MOVED: "~",
    NodeAction.RESTARTED: "~",
    NodeAction.ADDED: "+",
    NodeAction.REMOVED: "-",
}
_COLORS = {
    NodeAction.KEPT: "2",
    NodeAction.MOVED: "33",
    NodeAction.RESTARTED: "35",
    NodeAction.ADDED: "32",
    NodeAction.REMOVED: "31",
}
_INDENT = " " * 6


def plan_json(plan: Plan) -> str:
    """The whole plan, kept nodes too, indented."""
    return json.dumps(to_builtins(plan, enc_hook=str), indent=2, ensure_ascii=False) + "\n"


def plan_text(plan: Plan, *, width: int = 80, color: bool = False) -> str:
    """One line a node that changes, and its reasons below it; what is kept is only counted."""
    width = max(width, MIN_WIDTH)
    lines: list[str] = []
    for step in plan.changes:
        lines += [_head(step, width, color=color), *_reasons(step, width)]
    if lines:
        lines.append("")
    return "\n".join([*lines, summary(plan)]) + "\n"


def summary(plan: Plan) -> str:
    """The plan in one line."""
    kept = f"{plan.pipeline}: no changes, graph {plan.new_hash[:HASH_LENGTH]}"
    if not plan.changes:
        return kept
    counts = Counter(step.action for step in plan.steps)
    order = (NodeAction.ADDED, NodeAction.REMOVED, NodeAction.RESTARTED, NodeAction.MOVED, NodeAction.KEPT)
    told = ", ".join(f"{counts[action]} {action.value}" for action in order if counts[action])
    memory = ""
    if plan.old_bytes != plan.new_bytes:
        memory = f"; memory {show_bytes(plan.old_bytes)} → {show_bytes(plan.new_bytes)}"
    return f"{plan.pipeline}: {told}{memory}"


def _head(step: PlanStep, width: int, *, color: bool) -> str:
    words = f"{_MARKS[step.action]} {step.kind} {printable(step.name)}  {step.action.value}"
    place = _places(step)
    room = width - len(words) - len(place)
    if room < 2:
        place, room = shorten(place, max(0, width - len(words) - 2)), 2
    line = f"{words}{' ' * room}{place}".rstrip()
    return f"\x1b[{_COLORS[step.action]}m{line[: len(words)]}\x1b[0m{line[len(words) :]}" if color else line


def _places(step: PlanStep) -> str:
    if step.before and step.after and step.before != step.after:
        file, _, line = step.after.rpartition(":")
        same_file = step.before.startswith(f"{file}:")
        return f"{step.before} → {line}" if same_file else f"{step.before} → {step.after}"
    return step.after or step.before


def _reasons(step: PlanStep, width: int) -> Iterator[str]:
    for reason in step.reasons:
        yield from wrap(
            printable(_reason(reason)),
            width,
            initial_indent=_INDENT,
            subsequent_indent=_INDENT + "  ",
            break_on_hyphens=False,
        )


def _reason(reason: Reason) -> str:
    match reason.before, reason.after:
        case "", "":
            return reason.what
        case before, "":
            return f"- {reason.what} {before}"
        case "", after:
            return f"+ {reason.what} {after}"
        case before, after:
            return f"{reason.what} {before} → {after}"
