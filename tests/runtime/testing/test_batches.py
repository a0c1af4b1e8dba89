"""Whatever a test is, how many events are handled at once changes nothing that it can see."""

from __future__ import annotations

import anyio
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.runtime.testing.conftest import compiled_tests

from meltica_runtime.testing.scenario_runner import run_scenario
from meltica_runtime.testing.timeline import read_timelines

times = st.lists(st.integers(0, 400), min_size=1, max_size=40).map(sorted)
"""Milliseconds. Several events of a moment and several moments of a window are likely."""
prices = st.sampled_from((98, 100, 500, 900))
commands = st.sampled_from((901, 902, 903, 904, 907, 0))


@st.composite
def steps(draw):
    lines = []
    for number, time in enumerate(draw(times)):
        symbol, price = draw(st.sampled_from(("BTC-USDT", "ETH-USDT"))), draw(prices)
        kind = draw(st.sampled_from(("trade", "trade", "trade", "book", "other", "fault")))
        trade = f"price = {price}, quantity = 1, trade_id = {draw(commands) or number + 1}"
        if kind == "book":
            lines.append(f"at {time}ms paper.book {{ symbol = {symbol}, bid = {price}, ask = {price + 1} }}")
        elif kind == "other":
            lines.append(f"at {time}ms other.trade {{ {trade} }}")
        elif kind == "trade":
            lines.append(f"at {time}ms paper.trade {{ symbol = {symbol}, {trade} }}")
    if draw(st.booleans()):
        lines.insert(0, "at 0ms paper disconnects")
        last = draw(st.integers(0, 400))
        lines = [line for line in lines if _time(line) <= last] + [
            f"at {last}ms paper reconnects",
            *(line for line in lines if _time(line) > last),
        ]
    return "\n".join(lines)


def _time(line: str) -> int:
    return int(line.split()[1].removesuffix("ms"))


def seen(compiled, timelines, batch):
    """All that was seen, in a form that can be compared."""
    observed = anyio.run(run_scenario, compiled.graph, compiled.scenarios[0], timelines, batch)
    rows = {
        (kind, name): np.concatenate([one.rows for one in pieces]).tobytes()
        for kind, own in (("routed", observed.routed), ("read", observed.read))
        for name, pieces in own.items()
    }
    return rows, observed.times.tolist(), observed.transcripts, observed.failures


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps())
def test_a_test_sees_the_same_in_batches_of_every_size(tmp_path, text):
    compiled = compiled_tests(tmp_path, f'test "t" {{\n{text}\nexpect it receives at least 0\n}}')
    timelines = read_timelines(compiled.graph, compiled.scenarios[0], tmp_path)
    whole = seen(compiled, timelines, 8_192)
    assert seen(compiled, timelines, 1) == whole
    assert seen(compiled, timelines, 5) == whole


@pytest.mark.parametrize("batch", [1, 8_192])
def test_a_test_runs_the_same_again(outcomes_of, batch):
    steps = "\n".join(
        f"at {n}ms paper.trade {{ symbol = BTC-USDT, price = 100, quantity = 1, trade_id = {901 + n % 4} }}"
        for n in range(20)
    )
    first, second = outcomes_of(
        f'test "one" {{ {steps}\nexpect it orders 0 }}\ntest "two" {{ {steps}\nexpect it orders 0 }}',
        batch=batch,
    )
    assert first.problems[0].result.fitting == second.problems[0].result.fitting
