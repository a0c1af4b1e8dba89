"""Folding a large diagram: boxes that are alike become one box, and the links between them one link.

A family is what one declaration with `for` gives (`maker[BTC-USDT]`, `maker[ETH-USDT]`, …), or boxes of
one kind whose names differ in their last part (`trades_1`, `trades_2`, …). Routes that are read by
routes are in no family with these, so that what is folded flows one way as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from meltica_compiler.draw.diagram import Box, Diagram, Lane, Link, LinkKind, Mark, Row
from meltica_compiler.draw.keys import link_key
from meltica_compiler.graph.dag import depths
from meltica_compiler.text.amounts import show_bytes

FOLD_FROM = 40
"""Boxes from which on families are folded: more of them do not fit a page that can be read."""
LEAST_MEMBERS = 3
CROWDED_LANE = 24
"""Boxes of a lane from which on those without a family are folded by their kind alone."""
SHOWN_CHARACTERS = 24
"""Of the values that set a family's members apart: as many as stand on one line of a box."""

_ELLIPSIS = "…"
# Of the kinds of links that are folded into one, the one that most is at stake with.
_RANK = (LinkKind.FEED, LinkKind.DRY, LinkKind.BLOCKING, LinkKind.LOSSY, LinkKind.ORDERS)


class _Family(Struct, frozen=True):
    """`name` as the family's box shows it; all members have the note, the mark and the `depth`: how
    many routes, one reading the other, lie before them at most."""

    lane: Lane
    name: str
    note: str
    mark: Mark | None
    depth: int


def folded(drawn: Diagram) -> Diagram:
    """The diagram itself if it is small, else one with its families folded."""
    if len(drawn.boxes) < FOLD_FROM:
        return drawn
    depth_of = depths((link.tail, link.head) for link in drawn.chains())
    families = _groups(drawn.boxes, _family_of, depth_of)
    crowded = {lane for lane in Lane if _count_in(lane, families) > CROWDED_LANE}
    alone = [box for group in families.values() if len(group) < LEAST_MEMBERS for box in group]
    kinds = _groups((box for box in alone if box.lane in crowded), _kind_of, depth_of)
    folds = [f for groups in (families, kinds) for f in groups.items() if len(f[1]) >= LEAST_MEMBERS]
    return _with_folds(drawn, {box.key: fold for fold in folds for box in fold[1]})


def _groups(
    boxes: Iterable[Box], names_of: Callable[[Box], tuple[str, str]], depth_of: Mapping[str, int]
) -> dict[_Family, list[Box]]:
    groups: dict[_Family, list[Box]] = {}
    for box in boxes:
        family = _Family(box.lane, *names_of(box), box.mark, depth_of.get(box.key, 0))
        groups.setdefault(family, []).append(box)
    return groups


def _count_in(lane: Lane, families: Mapping[_Family, list[Box]]) -> int:
    """How many boxes the lane has when its families are folded."""
    sizes = [len(members) for family, members in families.items() if family.lane is lane]
    return sum(1 if size >= LEAST_MEMBERS else size for size in sizes)


def _family_of(box: Box) -> tuple[str, str]:
    """Name and note of the family."""
    if box.lane is Lane.RISK:
        # One risk block stands before several venues, each time under its own name.
        return box.name, "before several venues"
    stem, bracket, _ = box.name.partition("[")
    if bracket:
        return f"{stem}[{_ELLIPSIS}]", box.note
    stem, mark, _ = box.name.rpartition("_")
    return f"{stem}_{_ELLIPSIS}" if mark else box.name, box.note


def _kind_of(box: Box) -> tuple[str, str]:
    return f"{box.note} {box.lane.value}", box.note


def _with_folds(drawn: Diagram, folds: Mapping[str, tuple[_Family, list[Box]]]) -> Diagram:
    boxes: dict[str, Box] = {}
    homes: dict[str, str] = {}
    for box in drawn.boxes:
        shown = box
        if box.key in folds:
            family, members = folds[box.key]
            shown = boxes.get(_key(members)) or _box(family, members)
        boxes[shown.key] = shown
        homes[box.key] = shown.key
    summary = f"{drawn.summary} · {len(drawn.boxes)} nodes folded into {len(boxes)}"
    ports = {(box.key, row.port) for box in boxes.values() for row in box.rows}
    links = tuple(_links(drawn.links, homes, ports))
    return replace(drawn, summary=summary, boxes=tuple(boxes.values()), links=links)


def _key(members: list[Box]) -> str:
    return f"family_{members[0].key}"


def _box(family: _Family, members: list[Box]) -> Box:
    count = len(members)
    rows = (*_values(members), *_common_rows(members))
    brief = f"{count} × {_blended([box.brief for box in members])}"
    keys = tuple(box.key for box in members)
    note = f"{count} × {family.note}"
    return Box(_key(members), family.lane, family.name, note, rows, brief, keys, family.mark)


def _values(members: list[Box]) -> Iterator[Row]:
    """What sets the members apart: the first few values of each part of their names."""
    for column in zip(*map(_name_parts, members), strict=False):
        values = list(dict.fromkeys(column))
        if len(values) > 1:
            yield Row(_first_few(values), f"{len(values)} of them")


def _first_few(values: list[str]) -> str:
    shown = values[0]
    for value in values[1:]:
        if len(shown) + len(value) > SHOWN_CHARACTERS:
            return f"{shown}, {_ELLIPSIS}"
        shown += f", {value}"
    return shown


def _name_parts(box: Box) -> list[str]:
    """
    >>> _name_parts(Box("k", Lane.ROUTES, "trades[BTC-USDT, okx]", "trade", (), ""))
    ['BTC-USDT', 'okx']
    """
    stem, bracket, inner = box.name.partition("[")
    return inner.rstrip("]").split(", ") if bracket else [stem]


def _common_rows(members: list[Box]) -> Iterator[Row]:
    """The members' rows, blended where they are of one shape, else those that all have."""
    shapes = {tuple((row.port, bool(row.amount)) for row in box.rows) for box in members}
    if len(shapes) == 1:
        for rows in zip(*(box.rows for box in members), strict=True):
            text = _blended([row.text for row in rows])
            yield Row(text, _blended([row.amount for row in rows]), rows[0].port)
        return
    others = [set(box.rows) for box in members[1:]]
    yield from (row for row in members[0].rows if all(row in rows for rows in others))


def _blended(texts: list[str]) -> str:
    """The words that all texts begin and end with, and an ellipsis for what lies between.

    >>> _blended(["where symbol == BTC-USDT", "where symbol == ETH-USDT"])
    'where symbol == …'
    """
    first, *others = (text.split(" ") for text in dict.fromkeys(texts))
    if not others:
        return texts[0]
    shortest = min(map(len, (first, *others)))
    head = _same(first, others, range(shortest))
    tail = _same(first, others, range(-1, -1 - (shortest - head), -1))
    return " ".join((*first[:head], _ELLIPSIS, *(first[-tail:] if tail else ())))


def _same(first: list[str], others: list[list[str]], places: range) -> int:
    """In how many of the places, from the first on, all have the same word."""
    count = 0
    for place in places:
        if any(other[place] != first[place] for other in others):
            break
        count += 1
    return count


def _links(links: tuple[Link, ...], homes: Mapping[str, str], ports: set[tuple[str, str]]) -> Iterator[Link]:
    groups: dict[tuple[str, str], list[Link]] = {}
    for link in links:
        groups.setdefault((homes[link.tail], homes[link.head]), []).append(link)
    for (tail, head), group in groups.items():
        # A family's box may have no row where its members' links begin.
        port = group[0].tail_port if len({link.tail_port for link in group}) == 1 else ""
        port = port if (tail, port) in ports else ""
        one = replace(group[0], key=link_key(tail, head), tail=tail, head=head, tail_port=port)
        yield one if len(group) == 1 else _bundle(one, group)


def _bundle(one: Link, group: list[Link]) -> Link:
    """One link for several with the same ends."""
    bytes_ = sum(link.bytes for link in group)
    notes = list(dict.fromkeys(link.ring[0] for link in group if link.ring))
    ring = (_listed(notes), f"{len(group)} rings · {show_bytes(bytes_)}") if notes else ()
    remarks = list(dict.fromkeys(link.remark for link in group if link.remark))
    kind = max((link.kind for link in group), key=_RANK.index)
    marks = {link.mark for link in group}
    mark = one.mark if len(marks) == 1 else Mark.RESTARTED
    return replace(one, kind=kind, ring=ring, remark=", ".join(remarks), bytes=bytes_, mark=mark)


def _listed(notes: list[str]) -> str:
    others = len(notes) - 1
    return f"{notes[0]} and {others} more kind{'s' * (others > 1)}" if others else notes[0]
