"""`meltica check`: would these pipelines start?"""

from __future__ import annotations

from pathlib import Path

import click

from meltica_compiler.compile import Compiled
from meltica_compiler.graph.graph import Graph
from meltica_compiler.text.amounts import show_bytes
from meltica_dsl.diagnostics.diagnostic import Severity, in_source_order
from meltica_runtime.cli.compiling import Use, compile_pipeline, report
from meltica_runtime.cli.default_pipeline import default_pipeline
from meltica_runtime.cli.options import CommonOptions, common_options
from meltica_runtime.cli.output import Exit


@click.command(name="check")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "sarif"]), default="text", help="How to report."
)
@click.option("--fix", is_flag=True, help="Apply the fixes that are certain, and say what is left.")
@click.option(
    "--diff", is_flag=True, help="Change nothing; show what --fix would change, exit 1 if anything."
)
@common_options
def command(common: CommonOptions, files: tuple[Path, ...], *, form: str, fix: bool, diff: bool) -> None:
    """Say whether pipelines would start, and what is wrong if not. Without FILES, the project's one."""
    files = files or (default_pipeline(common),)
    if diff:
        raise SystemExit(Exit.GOOD if _diff(common, files, form) else Exit.USER)
    everything = []
    for file in files:
        if fix:
            _fix(common, file)
        compiled = compile_pipeline(common, file, Use.RUN)
        everything.append(compiled)
        if form == "text":
            report(common, compiled)
            if compiled.graph is not None:
                _print_success(common, file, compiled.graph, compiled)
    if form != "text":
        common.output.result(_document(everything, form).rstrip("\n"))
    good = all(compiled.graph is not None for compiled in everything)
    raise SystemExit(Exit.GOOD if good else Exit.USER)


def _fix(common: CommonOptions, file: Path) -> None:
    from meltica_runtime.cli.fixing import fix_pipeline

    fix_pipeline(common, file)


def _diff(common: CommonOptions, files: tuple[Path, ...], form: str) -> bool:
    from meltica_runtime.cli.fixing import show_fixes

    if form != "text":
        raise click.UsageError(f"--diff is text: --format {form} has each fix with its error")
    return show_fixes(common, files)


def _print_success(common: CommonOptions, file: Path, graph: Graph, compiled: Compiled) -> None:
    warnings = sum(d.severity is Severity.WARNING for d in compiled.diagnostics)
    routes, strategies = len(graph.routes), len(graph.strategies)
    counts = (
        f"{routes} route{'s' if routes != 1 else ''}, "
        f"{strategies} strateg{'ies' if strategies != 1 else 'y'}, {show_bytes(graph.total_bytes)}"
    )
    counts += f", {len(graph.imports)} imported" if graph.imports else ""
    extra = f", {warnings} warning{'s' if warnings > 1 else ''}" if warnings else ""
    common.output.note(f"{file}: good ({counts}, graph {graph.hash[:12]}{extra})")


def _document(everything: list[Compiled], form: str) -> str:
    """One document of all files. What is wrong with a file that two import is in it once."""
    from importlib.metadata import version

    from meltica_dsl.diagnostics import render_json, render_sarif

    found = dict.fromkeys(diagnostic for compiled in everything for diagnostic in compiled.diagnostics)
    sources = tuple(source for compiled in everything for source in compiled.sources)
    diagnostics = in_source_order(tuple(found))
    if form == "json":
        return render_json.render(diagnostics, sources)
    return render_sarif.render(diagnostics, sources, version=version("meltica"))
