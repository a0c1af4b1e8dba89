"""What the snippets of the pages take as given, and what the compiler says of them."""

from __future__ import annotations

import re
from pathlib import Path

from msgspec.structs import replace

from meltica_compiler.compile import Compiled, CompileOptions, compile_text
from meltica_dsl.diagnostics.diagnostic import Diagnostic
from meltica_dsl.diagnostics.render_text import render
from meltica_dsl.parse.read import read_source
from meltica_dsl.text.source import SourceFile

ROOT = Path(__file__).parents[2]
WIDTH = 80
NAME = "example.mel"

_FILE = re.compile(r"```mel ([\w/-]+\.mel)\n(.*?)```", re.DOTALL)
_IMPORT = re.compile(r'^import "(.*)"$', re.MULTILINE)
_DECLARED = re.compile(r"^(provider|pool|risk|strategy|sink|stage|let|pipeline) (\w+)", re.MULTILINE)

FRAME = (
    "pipeline documented\n",
    "provider paper { adapter = fake, symbols = [BTC-USDT, ETH-USDT] }\n",
    "pool market { events = 4_096, on_full = drop_oldest }\n",
    "risk careful { max_position = 2 }\n",
    'strategy maker = "market-making" { config = { size = 0.01 } }\n',
    'strategy pulse = "logger"\n',
    "sink tape = log\n",
)
"""It is put after a snippet, so that the snippet's lines keep their numbers."""


def framed(snippet: str) -> str:
    """The snippet with what it takes as given: a whole file."""
    parts = parts_of_pages()
    imported = "".join(parts.get(path, "") for path in _IMPORT.findall(snippet))
    declared = set(_DECLARED.findall(imported + snippet))
    given = [line for line in FRAME if _DECLARED.findall(line)[0] not in declared]
    given = [line for line in given if not (line.startswith("pipeline") and "pipeline " in snippet)]
    if "route " not in snippet:
        given.append("route all via market = paper.trade -> maker, pulse, tape\n")
    return snippet + "\n" + "".join(given)


def compiled(snippet: str) -> Compiled:
    options = CompileOptions(ROOT / "strategies", require_registry=False, environ={})
    parts = parts_of_pages()

    def read(path: Path) -> str | Diagnostic:
        return parts[str(path)] if str(path) in parts else read_source(path)

    return compile_text(NAME, framed(snippet), options, read)


def parts_of_pages() -> dict[str, str]:
    """The files that snippets of the language's page may import, by their names."""
    return dict(_FILE.findall((ROOT / "docs" / "language.md").read_text("utf-8")))


def answer(snippet: str) -> str:
    """What `meltica check` says of the snippet, and not of what was added."""
    result = compiled(snippet)
    return rendered(tuple(d for d in result.diagnostics if d.span.start < len(snippet)), result.sources)


def rendered(diagnostics: tuple[Diagnostic, ...], sources: tuple[SourceFile, ...]) -> str:
    """Paths are those from the project's folder, wherever that is."""
    nearer = tuple(replace(d, message=d.message.replace(f"{ROOT}/", "")) for d in diagnostics)
    return render(nearer, sources, color=False, width=WIDTH).rstrip("\n")
