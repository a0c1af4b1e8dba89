"""Every code that a diagnostic can carry, with its explanation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from meltica_dsl.diagnostics.codes import (
    adapters,
    config,
    files,
    flow,
    memory,
    names,
    secrets,
    strategies,
    syntax,
    testing,
    values,
)
from meltica_dsl.diagnostics.codes.code import Code


def _by_code(codes: Iterable[Code]) -> Mapping[str, Code]:
    known: dict[str, Code] = {}
    for code in codes:
        assert code.code not in known, f"{code.code} stands for two things"
        known[code.code] = code
    return MappingProxyType(dict(sorted(known.items())))


CODES: Mapping[str, Code] = _by_code(
    (
        *syntax.CODES,
        *names.CODES,
        *values.CODES,
        *adapters.CODES,
        *strategies.CODES,
        *flow.CODES,
        *memory.CODES,
        *secrets.CODES,
        *files.CODES,
        *config.CODES,
        *testing.CODES,
    )
)
