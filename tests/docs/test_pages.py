"""What the pages show of the program is what the program is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click import Context
from tests.docs.frame import compiled

from meltica_dsl.diagnostics.diagnostic import has_errors
from meltica_dsl.diagnostics.render_text import render
from meltica_dsl.json_form.from_json import json_to_mel
from meltica_dsl.json_form.to_json import mel_to_json
from meltica_dsl.model.pipeline import FullPolicy, Risk
from meltica_dsl.resolve.stages import STAGE_WORDS
from meltica_runtime.cli import COMMANDS, main
from meltica_runtime.cli.run import command as run

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "docs/language.md", "docs/operations.md")
PROSE = sorted(str(path.relative_to(ROOT)) for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LANGUAGE = (ROOT / "docs" / "language.md").read_text("utf-8")
SNIPPETS = re.findall(r"```mel\n(.*?)```", LANGUAGE, re.DOTALL)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_the_program_as_it_is(pages, name):
    text = pages.page(name)
    assert text == pages.rewritten(text), "`make docs` writes it anew"


def test_the_picture_is_that_of_the_quickstart(pages):
    drawn = pages.PICTURE.with_suffix(".dot").read_bytes()
    assert drawn == pages.picture_source(), "`make docs` draws it anew"
    svg = pages.PICTURE.read_text("utf-8")
    assert pages.quickstart_graph().hash[:12] in svg


def test_the_json_schema_is_that_of_the_program(pages):
    assert pages.SCHEMA.read_text("utf-8") == pages.dump_json(pages.schema()), "`make docs` writes it anew"


def test_the_json_of_the_tools_page_is_a_pipeline():
    page = (ROOT / "docs" / "tools.md").read_text("utf-8")
    for snippet in re.findall(r"```json\n(.*?)```", page, re.DOTALL):
        converted = json_to_mel("tools.json", snippet)
        assert converted.diagnostics == ()
        assert mel_to_json("tools.mel", converted.text).text == snippet


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: snippet.split("\n")[0][:40])
def test_a_snippet_of_the_language_compiles(pages, snippet):
    result = compiled(snippet)
    shown = render(result.diagnostics, result.sources, color=False, width=100)
    assert not has_errors(result.diagnostics), shown


def test_every_limit_stage_and_policy_has_its_row():
    limits = set(Risk.__struct_fields__) - {"name", "span", "name_span"}
    rows = set(re.findall(r"^\| `(\w+)", LANGUAGE, re.MULTILINE))
    assert limits <= rows
    assert {policy.value for policy in FullPolicy} <= rows
    assert set(STAGE_WORDS) <= rows


@pytest.mark.parametrize("name", PROSE)
def test_links_lead_somewhere(name):
    page = ROOT / name
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{name} links to {target}"


@pytest.mark.parametrize("name", ["docs/architecture.md"])
def test_files_that_are_named_exist(name):
    for path in re.findall(
        r"`((?:dsl|compiler|runtime|tests|docs|config|strategies|migrations)/[\w./-]+)`",
        (ROOT / name).read_text("utf-8"),
    ):
        assert (ROOT / path).exists(), f"{name} names {path}"


def test_the_options_of_run_are_all_told():
    told = set(re.findall(r"^\| `(--[a-z-]+)", (ROOT / "docs" / "operations.md").read_text("utf-8"), re.M))
    there = {name for option in run.params for name in option.opts if name.startswith("--")}
    assert told == there


def test_every_command_line_in_the_pages_is_understood():
    """Its words are those of a command, its options are known; nothing is run."""
    lines = [
        line.split("#")[0]
        for name in PROSE
        for block in re.findall(r"```sh\n(.*?)```", (ROOT / name).read_text("utf-8"), re.DOTALL)
        for line in block.splitlines()
        if line.startswith("meltica ")
    ]
    assert lines
    for line in lines:
        _, name, *words = line.split()
        command = main.get_command(Context(main), name)
        assert command is not None, line
        command.make_context(name, words)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_the_common_options(name):
    command = main.get_command(Context(main), name)
    assert command is not None
    there = {option for parameter in command.params for option in parameter.opts}
    assert {"--config", "--color", "--quiet", "--verbose"} <= there
