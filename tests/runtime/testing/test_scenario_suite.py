"""What makes a test fail besides what it expects."""

from __future__ import annotations

from tests.runtime.testing.conftest import PUPPET

from meltica_runtime.testing.outcome import CouldNotRun, Unmet, WentDown

STEP = "at 1ms paper.trade { symbol = BTC-USDT, price = 1, quantity = 1, trade_id = "


def test_a_strategy_that_throws_fails_the_test_with_its_line(outcome_of):
    (problem,) = outcome_of(f"{STEP}905 }}\nexpect it receives 1").problems
    assert isinstance(problem, WentDown)
    line = next(n for n, text in enumerate(PUPPET.split("\n"), 1) if "throw new" in text)
    assert (problem.strategy, problem.fault.line) == ("it", line)
    assert problem.fault.message == "onTrade: told to"


def test_a_strategy_that_never_returns_fails_the_test_and_says_so(outcome_of):
    (problem,) = outcome_of(f"{STEP}906 }}\nexpect whole receives 1").problems
    assert isinstance(problem, WentDown)
    assert "did not return within 0.3s" in problem.fault.message


def test_a_strategy_that_is_down_misses_what_comes_later(met):
    steps = f"""{STEP}905 }}
at 2ms paper.trade {{ symbol = BTC-USDT, price = 1, quantity = 1 }}
expect it fails "told to"
expect it drops 1 trade {{ time = 2ms }}
expect it logs 1 "trade"
"""
    assert met(steps) == [True] * 3


def test_a_strategy_that_does_not_start_fails_the_test(outcomes_of, tmp_path):
    (tmp_path / "broken.js").write_text(
        'module.exports = { metadata: { name: "broken", tag: "1.0.0", displayName: "B", description: "b",'
        ' config: [], events: ["Trade"] },\n create() { throw new Error("not today"); } };'
    )
    pipeline = """
pipeline p
provider paper { adapter = fake, symbols = [BTC-USDT] }
pool large { events = 64, on_full = drop_oldest }
route trades via large = paper.trade -> it
strategy it = "broken"
"""
    steps = "at 0s paper.trade { price = 1, quantity = 1 }"
    unexpected = f'test "a" {{ {steps} expect it receives nothing }}'
    expected = f'test "b" {{ {steps} expect it fails "not today" }}'
    first, second = outcomes_of(unexpected + expected, pipeline=pipeline)
    assert isinstance(first.problems[0], WentDown)
    assert second.has_passed


def test_a_test_that_takes_too_long_is_ended(outcome_of):
    (problem,) = outcome_of(f"{STEP}906 }}\nexpect whole receives 1", limit_s=0.1).problems
    assert isinstance(problem, CouldNotRun)
    assert problem.message == "it did not come to its end within 0.1s"


def test_every_test_begins_anew(outcomes_of):
    text = (
        f'test "one" {{ {STEP}901 }} expect it orders 1 }} test "two" {{ {STEP}901 }} expect it orders 1 }}'
    )
    assert [outcome.has_passed for outcome in outcomes_of(text)] == [True, True]


def test_all_that_is_wrong_is_told_in_the_order_of_the_file(outcome_of):
    problems = outcome_of(
        f"{STEP}1 }}\nexpect it receives 2\nexpect it orders 1\nexpect trades drops 1"
    ).problems
    assert all(isinstance(problem, Unmet) for problem in problems)
    assert [problem.place.line for problem in problems] == sorted(problem.place.line for problem in problems)
    assert len(problems) == 3
