"""`meltica lsp`: the language server, for editors to start."""

from __future__ import annotations

import click

from meltica_runtime.cli.options import Common, common_options


@click.command(name="lsp")
@click.option(
    "--stdio", is_flag=True, expose_value=False, help="Speak over stdin and stdout, which it does anyway."
)
@common_options
def command(common: Common) -> None:
    """Answer an editor over stdin and stdout: diagnostics, completion, hover, rename and more."""
    from meltica_runtime.language_server.features import build_server

    build_server(common.config).start_io()
