"""The order in which routes can be typed: each after those that it reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from meltica_dsl.diagnostics.diagnostic import Diagnostic, Label
from meltica_dsl.resolve.diagnostic_collector import DiagnosticCollector
from meltica_dsl.resolve.toposort import Mention, toposort
from meltica_dsl.syntax import RouteDecl


def route_order(routes: Mapping[str, RouteDecl], diagnostics: DiagnosticCollector) -> Iterator[str]:
    """Names of routes, those first that others read. A route that reads itself, in however many steps, is
    reported once, with the way of its events, and left out."""

    def report(cycle: list[str], closing: Mention) -> None:
        diagnostics.add(_circle([routes[name] for name in cycle], closing))

    return toposort(routes, lambda name: _reads(name, routes), report)


def read_routes(routes: Mapping[str, RouteDecl]) -> frozenset[str]:
    """Names of those that others read."""
    return frozenset(read.name for name in routes for read in _reads(name, routes))


def _reads(name: str, routes: Mapping[str, RouteDecl]) -> Iterator[Mention]:
    return (
        Mention(source.owner.name.text, source.span)
        for source in routes[name].sources
        if source.event is None and source.owner.name.text in routes
    )


def _circle(readers: list[RouteDecl], closing: Mention) -> Diagnostic:
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
