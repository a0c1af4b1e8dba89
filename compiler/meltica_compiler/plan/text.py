"""A plan for people, and for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from textwrap import wrap

from msgspec.structs import asdict

from meltica_compiler.plan.plan import Fate, Plan, Reason, Step
from meltica_compiler.text.amounts import HASH_LENGTH, printable, shorten, show_bytes

MIN_WIDTH = 40

_MARKS = {Fate.KEPT: "=", Fate.MOVED: "~", Fate.RESTARTED: "~", Fate.ADDED: "+", Fate.REMOVED: "-"}
_COLORS = {
    Fate.KEPT: "2",
    Fate.MOVED: "33",
    Fate.RESTARTED: "35",
    Fate.ADDED: "32",
    Fate.REMOVED: "31",
}
_INDENT = " " * 6


def plan_json(plan: Plan) -> str:
    """The whole plan, kept nodes too, indented."""
    return json.dumps(asdict(plan), indent=2, ensure_ascii=False, default=_plain) + "\n"


def _plain(part: Step | Reason | Fate) -> object:
    return part.value if isinstance(part, Fate) else asdict(part)


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
    counts = Counter(step.fate for step in plan.steps)
    order = (Fate.ADDED, Fate.REMOVED, Fate.RESTARTED, Fate.MOVED, Fate.KEPT)
    told = ", ".join(f"{counts[fate]} {fate.value}" for fate in order if counts[fate])
    memory = ""
    if plan.old_bytes != plan.new_bytes:
        memory = f"; memory {show_bytes(plan.old_bytes)} → {show_bytes(plan.new_bytes)}"
    return f"{plan.pipeline}: {told}{memory}"


def _head(step: Step, width: int, *, color: bool) -> str:
    words = f"{_MARKS[step.fate]} {step.kind} {printable(step.name)}  {step.fate.value}"
    place = _places(step)
    room = width - len(words) - len(place)
    if room < 2:
        place, room = shorten(place, max(0, width - len(words) - 2)), 2
    line = f"{words}{' ' * room}{place}".rstrip()
    return f"\x1b[{_COLORS[step.fate]}m{line[: len(words)]}\x1b[0m{line[len(words) :]}" if color else line


def _places(step: Step) -> str:
    if step.before and step.after and step.before != step.after:
        file, _, line = step.after.rpartition(":")
        same_file = step.before.startswith(f"{file}:")
        return f"{step.before} → {line}" if same_file else f"{step.before} → {step.after}"
    return step.after or step.before


def _reasons(step: Step, width: int) -> Iterator[str]:
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
