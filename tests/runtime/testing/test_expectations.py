"""Every expectation, where it is met and where it is not."""

from __future__ import annotations

import pytest


def trade(at: str, number: int, price: int = 500, more: str = "") -> str:
    fields = f"symbol = BTC-USDT, price = {price}, quantity = 1, trade_id = {number}{more}"
    return f"at {at} paper.trade {{ {fields} }}\n"


DUST = "at 0ms paper.trade { symbol = BTC-USDT, price = 500, quantity = 0.0001 }\n"
ORDERED = trade("0ms", 901) + trade("20ms", 902)
FILLED = trade("0ms", 901) + trade("20ms", 99, 98, ", side = sell")
"""A buy at 100, and a sale at 98 that takes it."""

CASES = [
    # what happens, what is met, what is not
    (DUST, "it receives nothing", "it receives 1 trade"),
    (DUST, "trades drops 1", "trades drops nothing"),
    (DUST, "trades receives 1 trade { quantity < 0.001 }", "trades receives trade { quantity > 0.001 }"),
    (DUST, "trades emits nothing", "trades emits at least 1"),
    (DUST, "paper emits 1 trade", "paper emits 2 trade"),
    (DUST, "paper drops nothing", "paper drops 1"),
    (DUST, "whole receives trade { symbol = BTC-USDT }", "whole receives { symbol = ETH-USDT }"),
    (DUST, "whole drops nothing", "whole drops 1 trade"),
    (DUST, "charted receives nothing", "charted receives kline"),
    (ORDERED, "it receives 2 trade", "it receives at most 1 trade"),
    (ORDERED, "it receives at least 2", "it receives at least 3"),
    (ORDERED, "it receives trade { time = 20ms }", "it receives trade { time > 20ms }"),
    (ORDERED, "it receives 1 trade by 19ms", "it receives 2 trade by 19ms"),
    (ORDERED, "it receives 2 trade by 20ms", "it receives 1 trade by 20ms"),
    (ORDERED, "it receives trade { provider = paper, side = none }", "it receives { provider = other }"),
    (ORDERED, "it receives trade { side != buy, trade_id >= 902 }", "it receives trade { trade_id > 902 }"),
    (ORDERED, "it orders 2", "it orders nothing"),
    (ORDERED, "it orders { side = buy, price = 100 }", "it orders { side = buy, price = 900 }"),
    (ORDERED, "it orders { type = limit, time_in_force = gtc }", "it orders { type = market }"),
    (ORDERED, "it orders { provider = paper, time = 20ms }", "it orders { time = 25ms }"),
    (ORDERED, "it fills nothing", "it fills 1"),
    (ORDERED, "it rejects nothing", "it rejects { side = buy }"),
    (ORDERED, "it receives 2 execution { state = ACKNOWLEDGED }", "it receives execution { state = FILLED }"),
    (ORDERED + trade("40ms", 903), "it cancels 1 { side = sell, price = 900 }", "it cancels { side = buy }"),
    (ORDERED + trade("40ms", 904), "it amends { price = 99, side = sell }", "it amends { price = 900 }"),
    (FILLED, "it fills { side = buy, price = 100, quantity = 1 }", "it fills { side = sell }"),
    (FILLED, "it fills { maker = true, fee > 0, fee_asset = BTC }", "it fills { maker = false }"),
    (FILLED, "it receives balance { asset = BTC }", "it receives balance { asset = XRP }"),
    (FILLED, 'it logs "filled 100"', 'it logs "filled 101"'),
    (FILLED, 'it logs 2 "trade"', 'it logs nothing "trade"'),
    (
        trade("0ms", 901) + trade("1ms", 901) + trade("2ms", 901),
        "it orders 1",  # the others are the same trade again
        "it orders 3",
    ),
    (
        trade("0ms", 907),
        "it rejects { limit = order_types, type = market }",
        "it rejects { limit = price_band }",
    ),
    (trade("0ms", 907), 'it rejects { reason = "*market*" }', 'it rejects { reason = "market" }'),
    (
        trade("0ms", 907),
        "it receives risk { breach = order_types }",
        "it receives risk { kill_switch = true }",
    ),
    (trade("0ms", 905), 'it fails "told to"', 'it fails "by itself"'),
    (trade("0ms", 906), 'it fails "did not return within 0.3s"', 'it fails nothing "did not return"'),
]


@pytest.mark.parametrize(("steps", "good", "bad"), CASES, ids=[good for _, good, _ in CASES])
def test_an_expectation_is_met_when_it_holds_and_only_then(met, steps, good, bad):
    assert met(f"{steps}expect {good}\nexpect {bad}") == [True, False]


def test_an_expectation_is_about_what_happened_before_the_next_step(met):
    steps = (
        f"expect it receives nothing\n{trade('0ms', 9)}expect it receives 1\n"
        f"{trade('1ms', 10)}expect it receives 2"
    )
    assert met(steps) == [True, True, True]


def test_two_expectations_of_one_field_hold_together(met):
    steps = trade("0ms", 9, 500) + trade("1ms", 10, 600)
    assert met(
        f"{steps}expect it receives 1 trade {{ price > 450, price < 550 }}\n"
        "expect it receives trade { price > 600, price < 700 }"
    ) == [True, False]


def test_a_dry_run_sends_nothing_and_still_shows_what_it_would(met):
    expected = "expect it orders 1\nexpect it fills nothing\nexpect it receives execution { state = EXPIRED }"
    assert met(FILLED + expected, dry="true") == [True, True, True]


def test_windows_close_though_nothing_more_comes(met):
    steps = """
at 10ms paper.book { symbol = BTC-USDT, bid = 499, ask = 501 }
at 20ms paper.book { symbol = BTC-USDT, bids = [[500, 1], [499, 2]], asks = [[502, 1]] }
expect it receives nothing by 99ms
expect it receives 1 book { bid = 500, ask = 502 } by 100ms
expect books drops 1 book { bid = 499 }
"""
    assert met(steps) == [True, True, True]


def test_candles_come_when_their_minute_is_over(met):
    steps = f"""
{trade("1s", 9, 500)}
{trade("2s", 10, 600)}
{trade("59s", 11, 400)}
expect charted receives nothing by 1m
expect charted receives 1 kline {{ open = 500, high = 600, low = 400, close = 400, volume = 3 }} by 61s
expect charted receives 1 kline {{ open_time = 0ms, close_time = 1m }} by 61s
"""
    assert met(steps) == [True] * 3


FAMILY = """
pipeline p
provider paper { adapter = fake, symbols = [BTC-USDT, ETH-USDT] }
pool large { events = 64, on_full = drop_oldest }
route trades for s in [BTC-USDT, ETH-USDT] via large = paper.trade | where symbol == s -> it[s]
strategy it for s in [BTC-USDT, ETH-USDT] = "puppet"
"""


def test_an_instance_of_a_family_is_named_by_its_index(met):
    expected = ("it[BTC-USDT] receives 1", "it[ETH-USDT] receives nothing", "trades[BTC-USDT] drops 1")
    steps = DUST + "\n".join(f"expect {one}" for one in expected)
    assert met(steps, pipeline=FAMILY) == [True, True, False]
