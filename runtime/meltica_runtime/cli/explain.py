"""`meltica explain`: the whole story of an error code."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from meltica_dsl.diagnostics.codes.table import CODES
from meltica_dsl.text.suggest import nearest
from meltica_runtime.cli.options import CommonOptions, common_options


def _codes(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    asked = incomplete.upper()
    return [
        CompletionItem(code.code, help=code.title) for code in CODES.values() if code.code.startswith(asked)
    ]


@click.command(name="explain")
@click.argument("code", required=False, shell_complete=_codes)
@common_options
def command(common: CommonOptions, code: str | None) -> None:
    """Tell the whole story of an error code; without one, list them all."""
    if code is None:
        for known in CODES.values():
            common.output.result(f"{known.code}  {known.title}")
        return
    entry = CODES.get(code.upper())
    if entry is None:
        near = nearest(code.upper(), CODES)
        hint = f"did you mean `{near}`? " if near else ""
        common.output.fail(f"there is no error code `{code}`", f"{hint}`meltica explain` lists all codes")
    common.output.result(f"{entry.code}: {entry.title}\n\n{entry.story}")
