"""The errors of settings, in words."""

from __future__ import annotations

from meltica_dsl import syntax
from meltica_dsl.diagnostics.diagnostic import Diagnostic, Edit, Fix, Label
from meltica_dsl.text.source import Span


def block_without_equals(entry: syntax.Entry) -> Diagnostic:
    block = Span(entry.span.path, entry.value.span.start, entry.value.span.start)
    gap = " " * (block.start == entry.key.span.end)
    return Diagnostic(
        "E0308",
        f"`{entry.key.text}` is followed by a block",
        entry.key.span,
        help=(f"an object is a value: `{entry.key.text} = {{ … }}`",),
        fixes=(Fix("insert `=`", (Edit(block, f"{gap}= "),)),),
    )


def given_twice(key: syntax.Name, first: Span) -> Diagnostic:
    return Diagnostic(
        "E0305",
        f"`{key.text}` is given twice",
        key.span,
        labels=(Label(first, "first given here"),),
        help=("remove one of them",),
    )


def secret_here(span: Span, where: str) -> Diagnostic:
    return Diagnostic(
        "E0801",
        f"a secret cannot flow into {where}",
        span,
        "this is a secret",
        help=("secrets go to the settings of a provider, and nowhere else",),
    )
