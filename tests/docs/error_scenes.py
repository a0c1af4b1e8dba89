"""Errors that no short file shows: one is too long, one is not there, one no adapter of this build gives."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from contextlib import chdir
from pathlib import Path

from msgspec.structs import replace

from meltica_compiler.adapters.adapters import ADAPTERS
from meltica_compiler.adapters.manifest import AdapterSpec
from meltica_compiler.compile import CompileOptions, compile_file
from meltica_compiler.passes.compile_state import CompileState
from meltica_compiler.passes.memory import MAX_CODES, check_codes
from meltica_compiler.passes.providers import venue_faults
from meltica_dsl.diagnostics.diagnostic import Diagnostic
from meltica_dsl.load import load
from meltica_dsl.model.values import Symbol
from meltica_dsl.parse.imports import MAX_FILES
from meltica_dsl.parse.parser import MAX_CHARACTERS
from meltica_dsl.text.source import SourceFile

from .frame import NAME, ROOT, framed

Found = tuple[tuple[Diagnostic, ...], tuple[SourceFile, ...]]

_OPTIONS = CompileOptions(ROOT / "strategies", require_registry=False, environ={})
_TRADES = 'strategy maker = "market-making" { trade_on = paper, risk = careful, config { size = 0.01 } }'


def _read(content: bytes | None) -> Found:
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        if content is not None:
            Path(NAME).write_bytes(content)
        compiled = compile_file(Path(NAME), _OPTIONS)
        return compiled.diagnostics, compiled.sources


def _of_venue(spec: AdapterSpec) -> Found:
    """What is said where a strategy trades on a provider whose adapter is like `spec`."""
    loaded = load(NAME, framed(_TRADES), {})
    assert loaded.pipeline is not None
    faults = venue_faults(loaded.pipeline.strategies[0], loaded.pipeline.providers[0], spec)
    return faults, loaded.sources


def _many_symbols() -> Found:
    """The file would be half a megabyte."""
    loaded = load(NAME, framed("pipeline wide"), {})
    assert loaded.pipeline is not None
    paper = loaded.pipeline.providers[0]
    symbols = tuple(Symbol(f"S{number}", "USDT") for number in range(MAX_CODES + 1))
    pipeline = replace(loaded.pipeline, providers=(replace(paper, symbols=symbols),))
    return check_codes(CompileState(pipeline, _OPTIONS)).diagnostics, loaded.sources


def _many_files() -> Found:
    """The folder would be long to show."""
    text = "\n".join(f'import "{number}.mel"' for number in range(MAX_FILES))
    loaded = load(NAME, framed(text), {}, lambda path: f"let a{path.stem} = 1")
    return loaded.diagnostics, loaded.sources[:1]


SCENES: Mapping[str, Callable[[], Found]] = {
    "E0403": lambda: _of_venue(replace(ADAPTERS["fake"], trades=False)),
    "E0404": lambda: _of_venue(replace(ADAPTERS["fake"], credentials=("api_key", "api_secret"))),
    "E0702": _many_symbols,
    "E0901": lambda: _read(None),
    "E0902": lambda: _read(b"pipeline caf\xe9\n"),
    "E0905": lambda: _read(b"#" * (MAX_CHARACTERS + 1)),
    "E0908": _many_files,
}
