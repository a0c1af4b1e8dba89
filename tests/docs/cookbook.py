"""Writes what the pages of the cookbook show of their recipes: each file's text, and its picture.

A recipe is `NAME.mel`, the page `NAME.md` that explains it, and the picture `NAME.svg`, all in
`docs/cookbook/`. The page shows a file between the marks `<!-- made: FILE -->` and `<!-- end -->`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

from meltica_compiler.compile import Compiled, CompileOptions, compile_file
from meltica_compiler.draw.render import render as draw

from .frame import ROOT

COOKBOOK = ROOT / "docs" / "cookbook"
INDEX = COOKBOOK / "README.md"

_SHOWN = re.compile(r"(<!-- made: (?P<file>[\w./-]+\.mel) -->\n).*?(<!-- end -->)", re.DOTALL)


def recipes() -> list[Path]:
    return sorted(COOKBOOK.glob("*.mel"))


def compiled_recipe(recipe: Path) -> Compiled:
    """Named as it is on the command line, from the root: its places are part of the picture."""
    options = CompileOptions(Path("strategies"), require_registry=False, environ={})
    with chdir(ROOT):
        return compile_file(recipe.relative_to(ROOT), options)


def shown_files(text: str) -> list[str]:
    return [match["file"] for match in _SHOWN.finditer(text)]


def rewritten(text: str) -> str:
    """The page with the text of its files made anew."""

    def shown(match: re.Match[str]) -> str:
        return f"{match[1]}```mel\n{(COOKBOOK / match['file']).read_text('utf-8')}```\n{match[3]}"

    return _SHOWN.sub(shown, text)


def cookbook() -> Iterator[tuple[Path, bytes]]:
    """The content of every page and picture, by its path."""
    for recipe in recipes():
        page = recipe.with_suffix(".md")
        yield page, rewritten(page.read_text("utf-8")).encode()
        graph = compiled_recipe(recipe).graph
        assert graph is not None, f"{recipe} compiles"
        yield recipe.with_suffix(".svg"), draw(graph, ".svg")
