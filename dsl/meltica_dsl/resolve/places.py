"""Places: which processors run which strategies."""

from __future__ import annotations

from collections.abc import Iterable

from meltica_dsl import syntax
from meltica_dsl.diagnostics.diagnostic import Diagnostic, Label
from meltica_dsl.model.pipeline import Place, Target
from meltica_dsl.model.values import Setting
from meltica_dsl.resolve.block import Block
from meltica_dsl.resolve.constants import Constants
from meltica_dsl.resolve.diagnostic_collector import DiagnosticCollector
from meltica_dsl.resolve.instances import Instance
from meltica_dsl.resolve.references import several
from meltica_dsl.resolve.scope import DeclKind
from meltica_dsl.syntax import Name
from meltica_dsl.text.source import Span

MAX_CPU = 1_023
"""The highest number of a processor that Linux takes in an affinity mask of its usual size."""


def place(declaration: syntax.PlaceDecl, instance: Instance, constants: Constants) -> Place | None:
    name = declaration.name
    block = Block(declaration.body, constants, f"place `{name.text}`", name.span, scope=instance.scope)
    typed = block.typed

    def named(key: str, setting: Setting) -> Name | None:
        word = typed.word(key, setting)
        return None if word is None else Name(word, setting.span)

    names = block.required("nodes", lambda key, value: typed.items(key, value, named, "[maker]"), "[maker]")
    cpus = block.required(
        "cpus",
        lambda key, value: typed.items(key, value, lambda k, v: typed.whole(k, v, 0, MAX_CPU), "[0]"),
        "[0]",
    )
    block.finish()
    placed = tuple(
        Target(node, one.span)
        for one in names or ()
        for node in several(one, constants, DeclKind.STRATEGY) or ()
    )
    if names is None or cpus is None:
        return None
    return Place(instance.name, placed, tuple(sorted(cpus)), declaration.span, name.span)


def check_places(places: Iterable[Place], diagnostics: DiagnosticCollector) -> None:
    """A node is in one place."""
    seen: dict[str, Span] = {}
    for one in places:
        for node in one.nodes:
            first = seen.setdefault(node.name, node.span)
            if first is not node.span:
                diagnostics.add(
                    Diagnostic(
                        "E0222",
                        f"`{node.name}` is placed twice",
                        node.span,
                        labels=(Label(first, "placed here already"),),
                        help=("a strategy has one thread: leave it in one place, with all its `cpus`",),
                    )
                )
