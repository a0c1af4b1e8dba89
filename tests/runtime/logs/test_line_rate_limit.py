"""A node that talks too much does not drown the others."""

from __future__ import annotations

import logging

from meltica_runtime.logs.line_rate_limit import BURST, LineRateLimit


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def record(text: str, node: str | None = "strategy:maker", level: int = logging.INFO) -> logging.LogRecord:
    made = logging.LogRecord("meltica", level, "", 0, text, (), None)
    if node is not None:
        made.node = node
    return made


def test_lines_beyond_the_burst_are_held_back_and_counted() -> None:
    clock = Clock()
    limit = LineRateLimit(clock)
    passed = [limit.filter(record("x")) for _ in range(int(BURST) + 7)]
    assert passed == [True] * int(BURST) + [False] * 7
    clock.now += 1
    late = record("again")
    assert limit.filter(late)
    assert late.getMessage() == "again (7 lines before this one are not shown)"
    then = record("and again")
    assert limit.filter(then)
    assert then.getMessage() == "and again"


def test_one_line_that_was_held_back_is_told_as_one() -> None:
    clock = Clock()
    limit = LineRateLimit(clock)
    for _ in range(int(BURST) + 1):
        limit.filter(record("x"))
    clock.now += 1
    late = record("again")
    assert limit.filter(late)
    assert late.getMessage() == "again (one line before this one is not shown)"


def test_each_node_and_level_has_an_allowance_of_its_own() -> None:
    limit = LineRateLimit(Clock())
    while limit.filter(record("x")):
        pass
    assert limit.filter(record("x", node="strategy:other"))
    assert limit.filter(record("x", level=logging.ERROR))


def test_libraries_are_limited_by_their_names() -> None:
    limit = LineRateLimit(Clock())
    while limit.filter(record("x", node=None)):
        pass
    assert limit.filter(record("x"))


def test_a_silence_gives_the_burst_back_and_no_more() -> None:
    clock = Clock()
    limit = LineRateLimit(clock)
    while limit.filter(record("x")):
        pass
    clock.now += 3_600
    assert sum(limit.filter(record("x")) for _ in range(200)) == int(BURST)


def test_one_that_keeps_a_limit_of_its_own_is_not_limited() -> None:
    limit = LineRateLimit(Clock())
    bounded = [record(str(count), "sink:tape") for count in range(int(BURST) + 7)]
    for line in bounded:
        line.bounded = True
    assert all(limit.filter(line) for line in bounded)
