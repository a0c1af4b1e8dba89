"""Codes of secrets: E08xx."""

from __future__ import annotations

from meltica_dsl.diagnostics.codes.code import Code, Example

CODES: tuple[Code, ...] = (
    Code(
        "E0801",
        "a secret where none may go",
        """\
A secret goes to the settings of a provider, and nowhere else: not to a sink,
a strategy's config, an expression, a log or a diagram. It is looked up when
the gateway starts and never leaves the adapter that it was given to.""",
        Example(
            'strategy maker = "market-making" { config { size = secret("SIZE") } }',
            'strategy maker = "market-making" { config { size = 0.01 } }',
        ),
    ),
)
