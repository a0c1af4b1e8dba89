"""Two graphs laid over each other, each box and link marked with what becomes of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from meltica_compiler.draw.details import Detail, Facts, details
from meltica_compiler.draw.diagram import Box, Diagram, Link, Mark, Row, diagram
from meltica_compiler.draw.graph_page import GraphPage
from meltica_compiler.draw.keys import Keys, keys_of
from meltica_compiler.graph.graph import Graph
from meltica_compiler.plan.plan import NodeAction, Plan, PlanStep, Reason, plan
from meltica_compiler.plan.text import summary
from meltica_compiler.text.amounts import HASH_LENGTH

SHOWN_REASONS = 3
"""Of a box; the HTML page shows all of them."""
SHOWN_CHANGE = 28
"""Characters of the change of a list, before and after, that a box still shows."""

_MARKS: Mapping[NodeAction, Mark] = {
    NodeAction.KEPT: Mark.KEPT,
    NodeAction.MOVED: Mark.MOVED,
    NodeAction.RESTARTED: Mark.RESTARTED,
    NodeAction.ADDED: Mark.ADDED,
    NodeAction.REMOVED: Mark.REMOVED,
}


def difference(old: Graph, new: Graph) -> GraphPage:
    """What is in both is shown as it is in `new`; what only one of them has is marked as such."""
    keys, planned = keys_of(new, old), plan(old, new)
    steps = {_key(keys, step): step for step in planned.steps if step.kind != "pipeline"}
    before, after = diagram(old, keys), diagram(new, keys)
    boxes = tuple(_boxes(before, after, steps))
    links = tuple(_links(before, after))
    drawn = Diagram(new.pipeline, _summary(planned), boxes, links)
    file = new.file if new.file == old.file else f"{old.file} → {new.file}"
    return GraphPage(file, drawn, tuple(_details(details(old, keys), details(new, keys), boxes, steps)))


def _key(keys: Keys, step: PlanStep) -> str:
    by_kind = {
        "provider": keys.providers,
        "route": keys.routes,
        "strategy": keys.strategies,
        "sink": keys.sinks,
    }
    return by_kind[step.kind][step.name]


def _summary(planned: Plan) -> str:
    hashes = f"#{planned.old_hash[:HASH_LENGTH]} → #{planned.new_hash[:HASH_LENGTH]}"
    told = summary(planned).removeprefix(f"{planned.pipeline}: ")
    return f"{hashes} · {told}" if planned.changes else told


def _boxes(before: Diagram, after: Diagram, steps: Mapping[str, PlanStep]) -> Iterator[Box]:
    was = {box.key: box for box in before.boxes}
    becomes = {box.key: box for box in after.boxes}
    for key, box in (becomes | {key: box for key, box in was.items() if key not in becomes}).items():
        step = steps.get(key)
        if step is None:
            yield replace(box, mark=_presence(was.get(key), becomes.get(key)))
        else:
            reasons = tuple(map(_row, step.reasons[:SHOWN_REASONS]))
            yield replace(box, mark=_MARKS[step.action], rows=(*box.rows, *reasons))


def _links(before: Diagram, after: Diagram) -> Iterator[Link]:
    was = {link.key: link for link in before.links}
    becomes = {link.key: link for link in after.links}
    for key, link in (becomes | {key: link for key, link in was.items() if key not in becomes}).items():
        yield replace(link, mark=_presence(was.get(key), becomes.get(key)))


def _presence(was: Box | Link | None, becomes: Box | Link | None) -> Mark:
    """Of what no plan speaks of: risk blocks, venues, links."""
    if was is None:
        return Mark.ADDED
    if becomes is None:
        return Mark.REMOVED
    return Mark.KEPT if was == becomes else Mark.MOVED


def _row(reason: Reason) -> Row:
    return Row(f"» {reason.what}", _list_change(reason) or _change(reason))


def _list_change(reason: Reason) -> str:
    """What came into a long list and what left it: two of them in full would be cut where they are alike.

    >>> _list_change(Reason("symbols", f"[{', '.join('ABCDEFGHIJK')}]", f"[{', '.join('ABCDEFGHIJKL')}]"))
    '+ L'
    """
    before, after = _items(reason.before), _items(reason.after)
    if not before or not after or len(_change(reason)) <= SHOWN_CHANGE:
        return ""
    came, left = (
        [item for item in after if item not in before],
        [item for item in before if item not in after],
    )
    return " ".join(f"{sign} {', '.join(items)}" for sign, items in (("+", came), ("−", left)) if items)


def _items(text: str) -> list[str]:
    return text[1:-1].split(", ") if text.startswith("[") and text.endswith("]") else []


def _change(reason: Reason) -> str:
    if not reason.before and not reason.after:
        return ""
    return f"{reason.before or 'nothing'} → {reason.after or 'nothing'}"


def _details(
    old: Iterable[Detail], new: Iterable[Detail], boxes: tuple[Box, ...], steps: Mapping[str, PlanStep]
) -> Iterator[Detail]:
    marks = {box.key: box.mark for box in boxes}
    for key, detail in ({d.key: d for d in old} | {d.key: d for d in new}).items():
        mark = marks.get(key)
        action: Facts = () if mark is None else (("becomes", mark.value),)
        reasons = tuple((r.what, _change(r)) for r in steps[key].reasons) if key in steps else ()
        yield replace(detail, facts=(*action, *reasons, *detail.facts))
