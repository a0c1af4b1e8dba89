"""`meltica lsp`: the language server, for editors to start."""

from __future__ import annotations

import gc

import click

from meltica_runtime.cli.options import CommonOptions, common_options

GARBAGE = (20_000, 20, 50)
"""New objects before the youngest are looked at; rounds of theirs before the next older are, and the oldest:
a full collection comes at most once in twenty million objects."""


@click.command(name="lsp")
@click.option(
    "--stdio", is_flag=True, expose_value=False, help="Speak over stdin and stdout, which it does anyway."
)
@common_options
def command(common: CommonOptions) -> None:
    """Answer an editor over stdin and stdout: diagnostics, completion, hover, rename and more."""
    from meltica_runtime.language_server.features import build_server

    server = build_server(common.config)
    # A full collection looks at all that was imported and read, for 80 ms while someone types, and finds
    # little: syntax and graphs have no cycles.
    gc.freeze()
    gc.set_threshold(*GARBAGE)
    server.start_io()
