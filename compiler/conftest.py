"""What the examples in the passes' docstrings may use: `state_of` and `say`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from meltica_compiler.passes.compile_state import CompileState
from meltica_compiler.passes.options import CompileOptions
from meltica_dsl.diagnostics.diagnostic import in_source_order
from meltica_dsl.load import load

STRATEGIES = Path(__file__).parents[1] / "strategies"


def state_of(text: str) -> CompileState:
    """The state before any pass, of declarations that the language itself has nothing against."""
    loaded = load("example.mel", f"pipeline example\n{text}", {})
    assert loaded.pipeline is not None, loaded.diagnostics
    assert not loaded.diagnostics, loaded.diagnostics
    return CompileState(loaded.pipeline, CompileOptions(STRATEGIES, require_registry=False, environ={}))


def say(state: CompileState) -> None:
    """Prints what was reported, without places."""
    for diagnostic in in_source_order(state.diagnostics):
        print(diagnostic.code, diagnostic.message)
        for kind, lines in (("note", diagnostic.notes), ("help", diagnostic.help)):
            for line in lines:
                print(f"  {kind}: {line}")


@pytest.fixture(autouse=True)
def _examples(doctest_namespace: dict[str, Callable[..., object]]) -> None:
    doctest_namespace.update(state_of=state_of, say=say)
