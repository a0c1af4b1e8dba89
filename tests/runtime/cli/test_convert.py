"""`meltica convert` as it is called."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from meltica_compiler.compile import CompileOptions, compile_file
from meltica_runtime.cli import main

ROOT = Path(__file__).parents[3]
QUICKSTART = ROOT / "pipelines" / "quickstart.mel"


def meltica(*words: str | Path, stdin: str | None = None):
    return CliRunner().invoke(main, [str(word) for word in words], input=stdin)


def test_a_pipeline_comes_back_with_the_same_hash(tmp_path):
    as_json, back = tmp_path / "quickstart.json", tmp_path / "quickstart.mel"
    assert meltica("convert", QUICKSTART, "-o", as_json).exit_code == 0
    assert meltica("convert", as_json, "-o", back).exit_code == 0
    assert back.read_text() == QUICKSTART.read_text()
    options = CompileOptions(ROOT / "strategies", require_registry=False, environ={})
    hashes = {compile_file(file, options).graph.hash for file in (QUICKSTART, back)}
    assert len(hashes) == 1


def test_stdin_is_converted_to_what_is_asked_for():
    as_json = meltica("convert", "-", stdin="let a = 1\n")
    assert json.loads(as_json.stdout)["declarations"] == [{"kind": "let", "name": "a", "value": 1}]
    back = meltica("convert", "-", "--to", "mel", stdin=as_json.stdout)
    assert back.stdout == "let a = 1\n"


def test_what_is_wrong_is_said_with_its_place(tmp_path):
    file = tmp_path / "a.json"
    file.write_text('{"meltica": 1,\n "declarations": [{"kind": "poll"}]}')
    said = meltica("convert", file)
    assert said.exit_code == 1
    assert "a.json:2:28" in said.stderr
    assert "did you mean `pool`?" in said.stderr
    assert meltica("convert", tmp_path / "none.json").exit_code == 1
    assert meltica("convert").exit_code == 2


def test_the_schema_is_printed():
    assert json.loads(meltica("convert", "--schema").stdout)["title"] == "A Meltica pipeline"
