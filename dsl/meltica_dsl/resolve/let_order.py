"""The order in which constants can be evaluated: each after those that it mentions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from meltica_dsl.diagnostics.diagnostic import Diagnostic, Label
from meltica_dsl.resolve.diagnostic_collector import DiagnosticCollector
from meltica_dsl.resolve.toposort import Mention, toposort
from meltica_dsl.syntax import LetDecl
from meltica_dsl.syntax.walk import references


def let_order(lets: Mapping[str, LetDecl], diagnostics: DiagnosticCollector) -> Iterator[str]:
    """Names of constants, those first that others mention. A constant that needs itself is reported
    once, as the path from it to itself, and left out."""

    def mentions(name: str) -> Iterator[Mention]:
        used = references(lets[name].value)
        return (Mention(reference.name, reference.span) for reference in used if reference.name in lets)

    return toposort(lets, mentions, lambda cycle, closing: diagnostics.add(_cycle(cycle, closing, lets)))


def _cycle(cycle: list[str], closing: Mention, lets: Mapping[str, LetDecl]) -> Diagnostic:
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
