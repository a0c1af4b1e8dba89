"""What the page about tests shows, run."""

from __future__ import annotations

import re
from pathlib import Path

import anyio
import pytest
from click import Context
from tests.docs.frame import compiled as compiled_snippet

from meltica_dsl.model.scenario import RECORD_FIELDS, VERBS, FaultKind, Verb
from meltica_runtime.cli import main
from meltica_runtime.testing.report_text import problem_lines
from meltica_runtime.testing.scenario_suite import ScenarioSuite

PAGE = (Path(__file__).parents[2] / "docs" / "testing.md").read_text("utf-8")
SNIPPETS = re.findall(r"```mel\n(.*?)```", PAGE, re.DOTALL)
SKIPPED = re.findall(r"```mel skipped\n(.*?)```\n\n```text\n(.*?)```", PAGE, re.DOTALL)
FAILING = re.findall(r"```mel failing\n(.*?)```\n\n```text\n(.*?)```", PAGE, re.DOTALL)


def outcomes(tmp_path, snippet):
    compiled = compiled_snippet(snippet)
    assert compiled.graph is not None, compiled.diagnostics
    suite = ScenarioSuite(compiled.graph, compiled.sources, tmp_path, 30.0)
    return [anyio.run(suite.run, scenario) for scenario in compiled.scenarios]


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: re.search(r'test "(.*?)"', snippet)[1])
def test_a_test_on_the_page_passes(tmp_path, snippet):
    done = outcomes(tmp_path, snippet)
    assert done
    for outcome in done:
        assert outcome.has_passed, "\n".join(line for p in outcome.problems for line in problem_lines(p))


def test_the_failure_on_the_page_is_told_as_it_stands_there(tmp_path):
    ((snippet, told),) = FAILING
    (outcome,) = outcomes(tmp_path, snippet)
    assert "\n".join(problem_lines(outcome.problems[0])) + "\n" == told


def test_the_reason_on_the_page_is_told_as_it_stands_there(tmp_path):
    ((snippet, told),) = SKIPPED
    compiled = compiled_snippet(snippet)
    suite = ScenarioSuite(compiled.graph, compiled.sources, tmp_path, 30.0)
    assert [suite.skipped(scenario).reason for scenario in compiled.scenarios] == [told.rstrip("\n")]


def test_every_verb_field_fault_and_option_is_on_the_page():
    words = {verb.value for verb in Verb} | {kind.value for kind in FaultKind}
    words |= {field.name for fields in RECORD_FIELDS.values() for field in fields}
    assert {word for verbs in VERBS.values() for word in (verb.value for verb in verbs)} <= words
    command = main.get_command(Context(main), "test")
    assert command is not None
    common = {"--help", "--config", "--color", "--quiet", "-q", "-v"}
    words |= {option for parameter in command.params for option in parameter.opts} - common
    missing = {word for word in words if word not in PAGE}
    assert missing - {"files"} == set()
