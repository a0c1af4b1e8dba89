"""The order in which constants can be evaluated: each after those that it mentions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from meltica_dsl.diagnostics import Diagnostic, Label
from meltica_dsl.resolve.findings import Findings
from meltica_dsl.syntax import LetDecl, Reference
from meltica_dsl.walk import references


def let_order(lets: Mapping[str, LetDecl], findings: Findings) -> Iterator[str]:
    """Names of constants, those first that others mention. A constant that needs itself is reported
    once, as the path from it to itself, and left out."""
    done: set[str] = set()
    for name in lets:
        yield from _visit(name, lets, done, findings)


def _visit(start: str, lets: Mapping[str, LetDecl], done: set[str], findings: Findings) -> Iterator[str]:
    """A depth-first walk on a list: a file may chain more constants than Python has frames."""
    if start in done:
        return
    path, on_path = [start], {start}
    edges = [_mentioned(lets[start], lets)]
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
            findings.add(_cycle(cycle, used, lets))
        elif used.name not in done:
            path.append(used.name)
            on_path.add(used.name)
            edges.append(_mentioned(lets[used.name], lets))


def _mentioned(declaration: LetDecl, lets: Mapping[str, LetDecl]) -> Iterator[Reference]:
    return (reference for reference in references(declaration.value) if reference.name in lets)


def _cycle(cycle: list[str], closing: Reference, lets: Mapping[str, LetDecl]) -> Diagnostic:
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
