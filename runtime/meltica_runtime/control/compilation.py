"""Compiling in a process of its own, for a gateway that runs: it takes nothing of the gateway's time, and no
strategy module is evaluated where strategies trade.

As a program it reads the pickled call from its standard input and writes the pickled answer to its output.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import anyio
from msgspec import structs

from meltica_compiler.compile import Compiled, CompileOptions, compile_file, compile_text
from meltica_dsl.diagnostics.diagnostic import Diagnostic
from meltica_dsl.text.source import Span


@dataclass(frozen=True, slots=True)
class _Call:
    file: str
    texts: Mapping[str, str] | None
    """By path; None: as they are on disk."""
    options: CompileOptions


class CompilerDied(Exception):
    """The process ended without an answer. A mistake of the compiler, never of the pipeline."""


async def compile_file_apart(path: Path, options: CompileOptions) -> Compiled:
    """As `compile_file`. Raises `CompilerDied`. Cancelled, it leaves no process behind."""
    return await _call(_Call(str(path), None, options))


async def compile_texts_apart(path: str, texts: Mapping[str, str], options: CompileOptions) -> Compiled:
    """As `compile_text`, with `path` and all that it imports among `texts`: no other file is opened. Raises
    `CompilerDied`. Cancelled, it leaves no process behind."""
    return await _call(_Call(path, texts, options))


async def _call(call: _Call) -> Compiled:
    plain = replace(call, options=structs.replace(call.options, environ=dict(call.options.environ)))
    done = await anyio.run_process(
        [sys.executable, "-P", "-m", __name__],
        input=pickle.dumps(plain),
        stderr=subprocess.PIPE,
        check=False,
        # Ctrl-C is meant for the gateway.
        start_new_session=True,
    )
    if done.returncode != 0:
        raise CompilerDied(f"the compiler ended with {done.returncode}: {done.stderr.decode()[-2_000:]}")
    compiled = pickle.loads(done.stdout)  # noqa: S301 - our own program's answer
    assert isinstance(compiled, Compiled)
    return compiled


def main() -> None:
    call: _Call = pickle.load(sys.stdin.buffer)  # noqa: S301 - our own program's call
    texts = call.texts
    if texts is None:
        compiled = compile_file(Path(call.file), call.options)
    else:
        compiled = compile_text(call.file, texts[call.file], call.options, partial(_read, texts))
    sys.stdout.buffer.write(pickle.dumps(compiled))


def _read(texts: Mapping[str, str], path: Path) -> str | Diagnostic:
    """The text that was sent along for an imported file."""
    if str(path) in texts:
        return texts[str(path)]
    return Diagnostic("E0901", f"cannot read `{path}`: it was not sent along", Span(str(path), 0, 0))


if __name__ == "__main__":
    main()
