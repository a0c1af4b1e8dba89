"""Codes of secrets: E08xx."""

from __future__ import annotations

from meltica_dsl.codes.code import Code

CODES: tuple[Code, ...] = (
    Code(
        "E0801",
        "a secret where none may go",
        """\
A secret goes to the settings of a provider, and nowhere else: not to a sink,
a strategy's config, an expression, a log or a diagram. It is looked up when
the gateway starts and never leaves the adapter that it was given to.

Wrong:
    strategy maker = "noop" { config { token = secret("TOKEN") } }
Right:
    provider okx { adapter = okx, symbols = [BTC-USDT], api_key = secret("OKX_API_KEY") }""",
    ),
)
