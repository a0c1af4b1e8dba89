"""What the compiler is told besides the file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct


class CompileOptions(Struct, frozen=True):
    """`strategies_dir` and `require_registry` say where strategy modules are found; `environ` is what
    `env("NAME")` reads. Modules in `shipped_dir` are not used, only told of where one is missed. `data_dir`
    is where relative paths of the files that adapters read start; None leaves open whether they are there."""

    strategies_dir: Path
    require_registry: bool
    environ: Mapping[str, str]
    shipped_dir: Path | None = None
    data_dir: Path | None = None
