"""Writes the pages of error codes: `docs/errors/`, one page a code, and an index.

Their text is what `meltica explain` tells, their messages are what `meltica check` says of the code's example
today.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import chdir
from pathlib import Path

from meltica_compiler.compile import CompileOptions, compile_file
from meltica_dsl.diagnostics.codes.code import Code, Example
from meltica_dsl.diagnostics.codes.table import CODES
from meltica_dsl.diagnostics.diagnostic import Diagnostic
from meltica_dsl.json_form.from_json import json_to_mel
from meltica_dsl.text.source import SourceFile
from meltica_runtime.config.fault import ConfigFault
from meltica_runtime.config.load import load_config

from .error_scenes import SCENES
from .frame import NAME, ROOT, framed, rendered

ERRORS = ROOT / "docs" / "errors"
INDEX = "README.md"
_CONFIG = "app.yaml"
_JSON = "example.json"
_LANGUAGES = {"E092": "yaml", "E093": "json"}
_WHOLE = {"E0216"}
"""Codes whose example is a whole file."""
_REGISTERED = {"E0506"}
"""Codes of a project that demands a registry."""
_RUN = {"E0405"}
"""Codes of a pipeline that is to run, and so needs its files."""

AREAS: Mapping[str, str] = {
    "01": "Syntax",
    "02": "Names and types",
    "03": "Values and settings",
    "04": "Adapters, providers and sinks",
    "05": "Strategies",
    "06": "Flow",
    "07": "Memory",
    "08": "Secrets",
    "09": "Files, environment and config",
    "10": "Tests",
}

Found = tuple[tuple[Diagnostic, ...], tuple[SourceFile, ...]]


def of_wrong(code: Code) -> Found:
    """What is found in the example's wrong file, and not in what it takes as given."""
    example = code.example
    if example is None:
        return SCENES[code.code]()
    return _found(code.code, example.wrong, example.beside, example.environ)


def of_right(code: Code) -> Found:
    example = code.example
    assert example is not None
    assert example.is_mended
    return _found(code.code, example.right or example.wrong, {**example.beside, **example.mended}, {})


def _found(code: str, text: str, beside: Mapping[str, str], environ: Mapping[str, str]) -> Found:
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        for name, content in beside.items():
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_text(content, "utf-8")
        if code.startswith("E092"):
            return _in_config(text)
        if code.startswith("E093"):
            return json_to_mel(_JSON, text).diagnostics, (SourceFile(_JSON, text),)
        Path(NAME).write_text(text if code in _WHOLE else framed(text), "utf-8")
        own = Path("strategies") if Path("strategies").exists() else ROOT / "strategies"
        data = Path() if code in _RUN else None
        options = CompileOptions(own, code in _REGISTERED, environ, data_dir=data)
        compiled = compile_file(Path(NAME), options)
        # A place at the very end, such as that of a missing bracket, is the snippet's.
        found = tuple(d for d in compiled.diagnostics if d.span.path != NAME or d.span.start <= len(text))
        return found, compiled.sources


def _in_config(text: str) -> Found:
    Path(_CONFIG).write_text(text + "\n", "utf-8")
    try:
        load_config(Path(), Path(_CONFIG))
    except ConfigFault as fault:
        return fault.diagnostics, fault.sources
    return (), ()


def error_pages() -> dict[Path, str]:
    """The text of every page, by its path."""
    pages = {ERRORS / f"{code.code}.md": _page(code) for code in CODES.values()}
    return {ERRORS / INDEX: _index(), **pages}


def _page(code: Code) -> str:
    parts = [f"# {code.code}: {code.title}", code.explanation.strip()]
    if code.example is not None:
        parts += ["## Wrong", *_shown(code, code.example.wrong, code.example.beside)]
        parts += [f"with {_variables(code.example)} in the environment"] if code.example.environ else []
    diagnostics, sources = of_wrong(code)
    parts += [
        "## Message" if code.example is None else "gives",
        f"```text\n{rendered(diagnostics, sources)}\n```",
    ]
    if code.example is not None and code.example.is_mended:
        parts += ["## Right", *_right(code, code.example)]
    return "\n\n".join(parts) + "\n"


def _right(code: Code, example: Example) -> Iterator[str]:
    mended = {name: text for name, text in example.mended.items() if text != example.beside.get(name)}
    yield from _shown(code, example.right, mended)
    if example.environ and not mended and not example.right:
        yield f"without {_variables(example)} in the environment, or with a value that fits."


def _shown(code: Code, text: str, beside: Mapping[str, str]) -> Iterator[str]:
    if text:
        language = _LANGUAGES.get(code.code[:4], "mel")
        yield f"```{language}\n{text}\n```"
    for name, content in beside.items():
        yield f"`{name}`:"
        yield f"```{name.rsplit('.', 1)[-1]}\n{content.strip()}\n```"


def _variables(example: Example) -> str:
    return " and ".join(f"`{name}={value}`" for name, value in example.environ.items())


def _index() -> str:
    parts = [_INTRODUCTION]
    for digits, area in AREAS.items():
        rows = [
            f"| [{code.code}]({code.code}.md) | {code.title} |"
            for code in CODES.values()
            if code.code[1:3] == digits
        ]
        parts.append("\n".join((f"## {area}\n", "| code | stands for |", "| --- | --- |", *rows)))
    return "\n\n".join(parts) + "\n"


_INTRODUCTION = """\
# Error codes

Every message of the compiler and of the config carries a code that never changes its meaning. Each has a
page: what is wrong, the message it gives, and what is right. `meltica explain E0204` tells the same in the
terminal, and `meltica explain` lists all codes.

The examples leave out what they take as given: a pipeline, the provider `paper`, the pool `market`, the risk
block `careful`, the strategies `maker` and `pulse`, and the sink `tape`."""
