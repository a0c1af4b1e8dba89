"""Each recipe of the cookbook is checked, formatted, tested, drawn and explained."""

from __future__ import annotations

import re

import anyio
import pytest
from tests.docs import cookbook
from tests.docs.frame import ROOT

from meltica_dsl.diagnostics.render_text import render
from meltica_dsl.formatting.formatter import format_source
from meltica_runtime.testing.report_text import problem_lines
from meltica_runtime.testing.scenario_suite import ScenarioSuite

RECIPES = cookbook.recipes()
FRAGMENTS = sorted((cookbook.COOKBOOK / "shared").glob("*.mel"))


def named(path):
    return path.stem


@pytest.mark.parametrize("recipe", RECIPES, ids=named)
def test_a_recipe_starts_without_a_warning(recipe):
    compiled = cookbook.compiled_recipe(recipe)
    assert compiled.diagnostics == (), render(compiled.diagnostics, compiled.sources, color=False, width=100)


@pytest.mark.parametrize("path", [*RECIPES, *FRAGMENTS], ids=named)
def test_a_recipe_is_in_canonical_form(path):
    text = path.read_text("utf-8")
    assert format_source(str(path), text).text == text


@pytest.mark.parametrize("recipe", RECIPES, ids=named)
def test_the_tests_of_a_recipe_pass(recipe):
    compiled = cookbook.compiled_recipe(recipe)
    assert compiled.scenarios
    suite = ScenarioSuite(compiled.graph, compiled.sources, ROOT, 30.0)
    for scenario in compiled.scenarios:
        outcome = anyio.run(suite.run, scenario)
        assert outcome.has_passed, "\n".join(line for p in outcome.problems for line in problem_lines(p))


@pytest.mark.parametrize("recipe", RECIPES, ids=named)
def test_a_page_shows_its_recipe_as_it_is(recipe):
    text = recipe.with_suffix(".md").read_text("utf-8")
    assert recipe.name in cookbook.shown_files(text)
    assert f"]({recipe.stem}.svg)" in text
    assert text == cookbook.rewritten(text), "`make docs` writes it anew"


@pytest.mark.parametrize("recipe", RECIPES, ids=named)
def test_a_picture_is_that_of_its_recipe(recipe):
    graph = cookbook.compiled_recipe(recipe).graph
    assert graph.hash[:12] in recipe.with_suffix(".svg").read_text("utf-8"), "`make docs` draws it anew"


def test_the_index_names_every_recipe():
    linked = set(re.findall(r"\]\(([\w-]+)\.md\)", cookbook.INDEX.read_text("utf-8")))
    assert linked == {recipe.stem for recipe in RECIPES}
