"""Faults: a connection that breaks, and a venue that takes no orders."""

from __future__ import annotations


def trade(at: str, number: int, price: int = 500, side: str = "buy") -> str:
    return (
        f"at {at} paper.trade {{ symbol = BTC-USDT, price = {price}, quantity = 1, "
        f"trade_id = {number}, side = {side} }}\n"
    )


def test_events_of_a_provider_that_is_disconnected_do_not_arrive(met):
    steps = f"""
at 1s paper disconnects
{trade("1s", 8)}
at 1s other.trade {{ price = 500, quantity = 1 }}
{trade("1_999ms", 9)}
at 2s paper reconnects
{trade("2s", 10)}
expect paper drops 2 trade
expect paper emits 1 trade {{ trade_id = 10 }}
expect it receives 1 trade {{ provider = other }}
expect it receives 1 trade {{ provider = paper }}
expect trades receives 2
"""
    assert met(steps) == [True] * 5


def test_an_order_sent_into_a_broken_connection_is_neither_taken_nor_refused_until_it_is_back(met):
    steps = f"""
at 1s paper disconnects
at 1s other.trade {{ price = 500, quantity = 1, trade_id = 901 }}
expect it orders 1
expect it rejects nothing
expect it receives no execution by 1_999ms
at 2s paper reconnects
expect it receives 1 execution {{ state = EXPIRED }} by 2s
{trade("3s", 9, 50, "sell")}
expect it fills nothing
"""
    assert met(steps) == [True] * 5


def test_an_order_that_rests_at_the_venue_is_filled_there_and_told_when_the_connection_is_back(met):
    steps = f"""
{trade("0s", 901)}
at 1s paper disconnects
{trade("2s", 9, 90, "sell")}
at 3s paper reconnects
expect it fills 1 {{ time = 2s, price = 100 }}
expect it receives no execution {{ state = FILLED }} by 2_999ms
expect it receives 1 execution {{ state = FILLED }} by 3s
expect it logs 1 "filled"
"""
    assert met(steps) == [True] * 4


def test_what_a_strategy_does_about_a_late_report_is_sent_when_it_hears_it(met):
    # Its market order at the reconnection is refused by the limits of risk, at once.
    steps = f"""
{trade("0s", 901)}
at 1s paper disconnects
at 1_500ms other.trade {{ price = 500, quantity = 1, trade_id = 903 }}
at 3s paper reconnects
expect it cancels 1 {{ time = 1_500ms }}
at 4s other.trade {{ price = 500, quantity = 1, trade_id = 904 }}
expect it amends 1 {{ price = 99 }}
{trade("5s", 9, 99, "sell")}
expect it fills 1 {{ price = 99 }}
"""
    # The cancel was lost, so that the order was still there to be amended, and filled.
    assert met(steps) == [True] * 3


def test_a_connection_that_does_not_come_back_leaves_the_order_in_flight(met):
    steps = """
at 1s paper disconnects
at 1s other.trade { price = 500, quantity = 1, trade_id = 901 }
expect it orders 1
expect it receives no execution
expect it rejects nothing
"""
    assert met(steps) == [True] * 3


def test_a_venue_that_takes_no_orders_rejects_them(met):
    steps = f"""
at 1s paper refuses
{trade("1s", 901)}
at 2s paper accepts
{trade("2s", 902)}
expect it rejects 1 {{ side = buy, reason = "*no orders*" }}
expect it receives 1 execution {{ state = ACKNOWLEDGED, side = sell }}
expect it logs "rejected: the venue takes no orders now"
"""
    assert met(steps) == [True] * 3
