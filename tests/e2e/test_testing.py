"""`meltica test`, as a user has it."""

from __future__ import annotations

PIPELINE = """\
pipeline tested

provider paper {
  adapter = fake
  symbols = [BTC-USDT, ETH-USDT]
}

pool market { events = 4, on_full = drop_oldest }

route trades via market = paper.trade | where symbol == BTC-USDT and quantity >= 0.001 -> pulse

strategy pulse = "logger:latest"
"""

DUST = """
test "dust never reaches the strategy" {
  at 0ms paper.trade { symbol = BTC-USDT, price = 60_000, quantity = 0.0001 }
  at 5ms paper.trade { symbol = BTC-USDT, price = 60_001, quantity = 0.1, side = buy }
  expect trades drops 1
  expect pulse receives 1 trade { price = 60_001 }
}
"""

WRONG = """
test "a price that never came" {
  at 5ms paper.trade { symbol = BTC-USDT, price = 60_001, quantity = 0.1, side = buy }
  expect pulse receives trade { price > 70_000, side = buy }
}
"""


def run(project, text: str, *words: str):
    project.pipeline.write_text(text)
    return project.meltica("test", "quickstart.mel", *words)


def test_tests_that_pass_are_told_and_exit_with_0(project):
    done = run(project, PIPELINE + DUST)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "dust never reaches the strategy" in done.stdout
    assert "1 passed" in done.stdout


def test_a_failure_shows_the_place_and_what_came_instead(project):
    done = run(project, PIPELINE + DUST + WRONG)
    assert done.returncode == 1
    assert "quickstart.mel:23:3" in done.stdout
    assert "- price    > 70000\n" in done.stdout
    assert "+ price    = 60001\n" in done.stdout
    assert "1 failed, 1 passed" in done.stdout
