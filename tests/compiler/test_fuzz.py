"""Whatever a file holds: a graph or errors in order, never a traceback, never more than two seconds."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from tests.dsl.mutations import EXAMPLES, bytes_changed, many, tokens_changed, values_changed
from tests.dsl.programs import programs

from meltica_compiler.compile import CompileOptions, compile_text
from meltica_compiler.draw.dot import render_dot
from meltica_compiler.draw.tree import render_tree
from meltica_compiler.graph.canonical import graph_json
from meltica_dsl.diagnostics.codes.table import CODES
from meltica_dsl.diagnostics.diagnostic import Diagnostic, has_errors, in_source_order
from meltica_dsl.diagnostics.render_json import render as render_json
from meltica_dsl.diagnostics.render_sarif import render as render_sarif
from meltica_dsl.diagnostics.render_text import render as render_text
from meltica_dsl.formatting.formatter import format_source
from meltica_dsl.json_form.from_json import json_to_mel
from meltica_dsl.json_form.to_json import mel_to_json
from meltica_dsl.parse.read import decode

ROOT = Path(__file__).parents[2]
OPTIONS = CompileOptions(ROOT / "strategies", require_registry=False, environ={"HOME": "/root"})
MAX_SECONDS = 2


def compiles(text: str) -> None:
    compiled = compile_text("p.mel", text, OPTIONS)
    diagnostics = compiled.diagnostics
    render_text(diagnostics, compiled.sources, color=True, width=60)
    render_json(diagnostics, compiled.sources)
    render_sarif(diagnostics, compiled.sources, version="")
    assert {diagnostic.code for diagnostic in diagnostics} <= set(CODES)
    assert diagnostics == in_source_order(diagnostics)
    assert all(0 <= d.span.start <= d.span.end for d in diagnostics)
    assert (compiled.graph is None) == has_errors(diagnostics)
    if compiled.graph is not None:
        render_tree(compiled.graph, 60, color=True)
        render_dot(compiled.graph)
        graph_json(compiled.graph)
        keeps_its_meaning(text, compiled.graph.hash)


def keeps_its_meaning(text: str, graph_hash: str) -> None:
    """Canonical form and JSON form mean what the file meant."""
    canonical = format_source("p.mel", text).text
    assert canonical is not None
    for other in (canonical, json_to_mel("p.json", mel_to_json("p.mel", text).text or "").text):
        again = compile_text("p.mel", other or "", OPTIONS).graph
        assert again is not None
        assert again.hash == graph_hash


def formats(text: str) -> None:
    formatted = format_source("p.mel", text)
    assert (formatted.text is None) == bool(formatted.diagnostics)
    if formatted.text is not None:
        assert format_source("p.mel", formatted.text).text == formatted.text
        assert json_to_mel("p.json", mel_to_json("p.mel", text).text or "").text == formatted.text


def survives(content: bytes) -> None:
    text = decode("p.mel", content)
    if isinstance(text, Diagnostic):
        assert text.code in CODES
        return
    for act in (compiles, formats):
        started = time.process_time()
        act(text)
        assert time.process_time() - started < MAX_SECONDS


@many
@given(programs())
def test_programs_drawn_from_the_grammar(text):
    survives(text.encode())


@many
@given(values_changed())
def test_good_examples_with_values_changed(text):
    survives(text.encode("utf-8", "replace"))


@many
@given(tokens_changed())
def test_examples_with_tokens_changed(text):
    survives(text.encode("utf-8", "replace"))


@many
@given(bytes_changed())
def test_examples_with_bytes_changed(content):
    survives(content)


@pytest.mark.fuzz
def test_examples_as_they_are():
    assert len(EXAMPLES) > 100
    for text in EXAMPLES:
        survives(text.encode("utf-8", "replace"))
