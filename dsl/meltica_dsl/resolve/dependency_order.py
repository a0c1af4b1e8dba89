"""The order of declarations that mention each other: each after those that it mentions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from meltica_dsl.diagnostics.diagnostic import Diagnostic, Label
from meltica_dsl.resolve.diagnostic_collector import DiagnosticCollector
from meltica_dsl.syntax import LetDecl, RouteDecl
from meltica_dsl.syntax.walk import references
from meltica_dsl.text.source import Span


class Mention(NamedTuple):
    """One declaration named in another, and where."""

    name: str
    span: Span


def let_order(lets: Mapping[str, LetDecl], diagnostics: DiagnosticCollector) -> Iterator[str]:
    """Names of constants, those first that others mention. A constant that needs itself is reported
    once, as the path from it to itself, and left out."""

    def mentions(name: str) -> Iterator[Mention]:
        used = references(lets[name].value)
        return (Mention(reference.name, reference.span) for reference in used if reference.name in lets)

    return toposort(lets, mentions, lambda cycle, closing: diagnostics.add(_let_cycle(cycle, closing, lets)))


def _let_cycle(cycle: list[str], closing: Mention, lets: Mapping[str, LetDecl]) -> Diagnostic:
    shown = " → ".join(f"`{name}`" for name in (*cycle, cycle[0]))
    labels = tuple(Label(lets[name].name.span, f"`{name}` is declared here") for name in cycle)
    return Diagnostic(
        "E0214",
        f"`{cycle[0]}` needs itself: {shown}",
        closing.span,
        "closes the circle",
        labels=labels,
        help=("give one of them a value of its own",),
    )


def route_order(routes: Mapping[str, RouteDecl], diagnostics: DiagnosticCollector) -> Iterator[str]:
    """Names of routes, those first that others read. A route that reads itself, in however many steps, is
    reported once, with the way of its events, and left out."""

    def report(cycle: list[str], closing: Mention) -> None:
        diagnostics.add(_route_cycle([routes[name] for name in cycle], closing))

    return toposort(routes, lambda name: _mentioned_routes(name, routes), report)


def read_routes(routes: Mapping[str, RouteDecl]) -> frozenset[str]:
    """Names of those that others read."""
    return frozenset(read.name for name in routes for read in _mentioned_routes(name, routes))


def _mentioned_routes(name: str, routes: Mapping[str, RouteDecl]) -> Iterator[Mention]:
    return (
        Mention(source.owner.name.text, source.span)
        for source in routes[name].sources
        if source.event is None and source.owner.name.text in routes
    )


def _route_cycle(readers: list[RouteDecl], closing: Mention) -> Diagnostic:
    """Each of the `readers` reads the next, and the last the first: events go the other way."""
    way = [readers[0], *reversed(readers)]
    shown = " → ".join(f"`{route.name.text}`" for route in way)
    return Diagnostic(
        "E0230",
        f"events would go in a circle: {shown}",
        closing.span,
        "closes the circle",
        labels=tuple(Label(route.name.span, f"`{route.name.text}` is declared here") for route in readers),
        help=("let one of these routes read something else",),
    )


def toposort(
    names: Iterable[str],
    mentions: Callable[[str], Iterator[Mention]],
    report_circle: Callable[[list[str], Mention], None],
) -> Iterator[str]:
    """The names, those first that others mention. One that needs itself is reported once, as the path from it
    to itself and the mention that closes the circle, and left out.

    `graphlib` does not serve here: it knows of one circle at a time and of no mention that closes it, and it
    orders by rank, where a file's own order has to stay as far as it can.
    """
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
