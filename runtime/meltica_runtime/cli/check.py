"""`meltica check`: would these pipelines start?"""

from __future__ import annotations

from pathlib import Path

import click

from meltica_dsl.diagnostics import Severity
from meltica_dsl.render_json import render as render_json
from meltica_runtime.cli.compiling import Use, compile_pipeline, report
from meltica_runtime.cli.options import Common, Exit, common_options


@click.command(name="check")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to report.")
@common_options
def command(common: Common, files: tuple[Path, ...], form: str) -> None:
    """Say whether pipelines would start, and what is wrong if not."""
    good = True
    everything = []
    for file in files:
        compiled = compile_pipeline(common, file, Use.RUN)
        good = good and compiled.graph is not None
        if form == "json":
            everything.append(render_json(compiled.diagnostics, compiled.sources))
            continue
        report(common, compiled)
        if compiled.graph is not None:
            warnings = sum(d.severity is Severity.WARNING for d in compiled.diagnostics)
            graph = compiled.graph
            size = f"{graph.total_bytes / 2**20:,.1f} MiB"
            routes, strategies = len(graph.routes), len(graph.strategies)
            counts = (
                f"{routes} route{'s' if routes != 1 else ''}, "
                f"{strategies} strateg{'ies' if strategies != 1 else 'y'}, {size}"
            )
            counts += f", {len(graph.imports)} imported" if graph.imports else ""
            extra = f", {warnings} warning{'s' if warnings > 1 else ''}" if warnings else ""
            common.speech.note(f"{file}: good ({counts}, graph {graph.hash[:12]}{extra})")
    if form == "json":
        common.speech.result(_joined(everything))
    raise SystemExit(Exit.GOOD if good else Exit.USER)


def _joined(documents: list[str]) -> str:
    """One JSON list of all files' diagnostics."""
    import json

    return json.dumps([entry for document in documents for entry in json.loads(document)], indent=2)
