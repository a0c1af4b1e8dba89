"""The order in which things that mention each other can be looked at: each after those that it mentions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from meltica_dsl.text.source import Span


class Mention(NamedTuple):
    name: str
    span: Span


def toposort(
    names: Iterable[str],
    mentions: Callable[[str], Iterator[Mention]],
    report_circle: Callable[[list[str], Mention], None],
) -> Iterator[str]:
    """The names, those first that others mention. One that needs itself is reported once, as the path from it
    to itself and the mention that closes the circle, and left out."""
    done: set[str] = set()
    for name in names:
        yield from _visit(name, mentions, report_circle, done)


def _visit(
    start: str,
    mentions: Callable[[str], Iterator[Mention]],
    report_circle: Callable[[list[str], Mention], None],
    done: set[str],
) -> Iterator[str]:
    """A depth-first walk on a list: a file may chain more things than Python has frames."""
    if start in done:
        return
    path, on_path = [start], {start}
    edges = [mentions(start)]
    cyclic: set[str] = set()
    while path:
        used = next(edges[-1], None)
        if used is None:
            name = path.pop()
            on_path.discard(name)
            edges.pop()
            done.add(name)
            if name not in cyclic:
                yield name
        elif used.name in on_path:
            cycle = path[path.index(used.name) :]
            cyclic.update(cycle)
            report_circle(cycle, used)
        elif used.name not in done:
            path.append(used.name)
            on_path.add(used.name)
            edges.append(mentions(used.name))
