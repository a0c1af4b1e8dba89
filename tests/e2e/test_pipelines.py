"""The pipelines that come with it are good, canonical, and do what their first line says."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pyarrow.parquet as parquet
import pytest

from meltica_compiler.compile import CompileOptions, compile_file
from meltica_dsl.formatting.formatter import format_source

ROOT = Path(__file__).parents[2]
PIPELINES = sorted((ROOT / "pipelines").glob("*.mel"))


@pytest.mark.parametrize("path", PIPELINES, ids=lambda path: path.stem)
def test_a_pipeline_is_good_and_canonical(path):
    compiled = compile_file(path, CompileOptions(ROOT / "strategies", require_registry=True, environ={}))
    assert compiled.graph is not None
    assert compiled.diagnostics == ()
    text = path.read_text("utf-8")
    assert format_source(str(path), text).text == text
    assert text.startswith("# ")


@pytest.mark.parametrize("path", PIPELINES, ids=lambda path: path.stem)
def test_the_tests_of_a_pipeline_pass(project, path):
    done = project.meltica("test", str(path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed in " in done.stdout


def running(project, name: str):
    project.pipeline.write_bytes((ROOT / "pipelines" / f"{name}.mel").read_bytes())
    return project.run()


def test_the_tape_holds_every_trade(project):
    gateway = running(project, "tape")
    gateway.ready()
    gateway.says(r"^\d+s · ")
    assert gateway.stop(signal.SIGTERM) == 0, gateway.output
    assert " 0 dropped " in gateway.output
    files = [*(project.folder / "data" / "tape").glob("*/trade.parquet")]
    kept = sum(parquet.read_metadata(path).num_rows for path in files)
    events = int(re.search(r"([\d,]+) events handled", gateway.output)[1].replace(",", ""))
    candles = [*(project.folder / "data" / "tape").glob("*/kline.parquet")]
    assert kept + sum(parquet.read_metadata(path).num_rows for path in candles) == events
    assert project.processes() == []


def test_strategies_side_by_side_run_dry(project):
    gateway = running(project, "side-by-side")
    gateway.ready()
    gateway.says(r" 0 orders .* \d+ dry")
    assert gateway.stop(signal.SIGTERM) == 0, gateway.output
    assert "not running" not in gateway.output
