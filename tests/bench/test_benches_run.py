"""Every benchmark runs, in a tiny form. What the figures are is the business of `make bench`."""

from __future__ import annotations

import math

import pytest
from tests.bench.run import BENCHES, page, run
from tests.bench.scale import TINY


@pytest.mark.bench
@pytest.mark.parametrize("name", BENCHES)
def test_a_benchmark_produces_figures(name: str) -> None:
    section = run(name, TINY)
    assert section.figures
    assert all(math.isfinite(figure.value) for figure in section.figures)
    assert f"## {section.title}" in page([section], [0.0], TINY)
