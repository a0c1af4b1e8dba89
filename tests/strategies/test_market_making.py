import random
from decimal import Decimal


def quotes(calls):
    return {call["side"]: call for call in calls if call["kind"] == "submit"}


def quoting(stage, **config):
    """A strategy with both quotes acknowledged, around 60000 with tick 0.01 and lot 0.0001."""
    strategy = stage("market-making", **{"size": 0.01, "spread": 0.001, **config})
    strategy.instrument("0.01", "0.0001")
    placed = quotes(strategy.book(1000, "59999.99", "60000.01"))
    for order in placed.values():
        strategy.report("Acknowledged", 1001, order)
    return strategy, placed


def test_it_quotes_both_sides_half_the_spread_from_mid(stage):
    _, placed = quoting(stage)
    assert (placed["buy"]["price"], placed["sell"]["price"]) == ("59970.00", "60030.00")
    assert {order["quantity"] for order in placed.values()} == {"0.0100"}
    assert {(order["provider"], order["symbol"]) for order in placed.values()} == {("paper", "BTC-USDT")}


def test_it_quotes_around_the_last_trade_where_there_is_no_book(stage):
    strategy = stage("market-making", size=0.01, spread=0.001)
    placed = quotes(strategy.trade(1000, "60000.5"))
    assert (placed["buy"]["price"], placed["sell"]["price"]) == ("59970.4", "60030.6")
    assert Decimal(placed["buy"]["quantity"]) == Decimal("0.01")


def test_a_stale_book_gives_way_to_the_last_trade(stage):
    strategy, placed = quoting(stage)
    amended = strategy.trade(7000, "61000")
    assert {call["id"]: call["price"] for call in amended} == {
        placed["buy"]["id"]: "60969.50",
        placed["sell"]["id"]: "61030.50",
    }


def test_prices_are_rounded_away_from_the_market_to_the_tick(stage):
    strategy = stage("market-making", size=0.0123456, spread=0.001)
    strategy.instrument("0.5", "0.001")
    placed = quotes(strategy.book(1000, "60000.5", "60001"))
    assert (placed["buy"]["price"], placed["sell"]["price"]) == ("59970.5", "60031.0")
    assert placed["buy"]["quantity"] == "0.012"


def test_rules_of_other_symbols_and_venues_do_not_count(stage):
    strategy = stage("market-making", size=0.01, spread=0.001)
    strategy.instrument("10", "1", symbol="ETH-USDT")
    assert quotes(strategy.trade(1000, "60000.5"))["buy"]["price"] == "59970.4"


def test_it_follows_the_price_by_amending_the_side_that_moves_away_first(stage):
    strategy, placed = quoting(stage)
    assert strategy.book(1500, "59999.99", "60000.01") == []
    calls = strategy.book(2001, "60099.99", "60100.01")
    assert [(call["kind"], call["id"]) for call in calls] == [
        ("amend", placed["sell"]["id"]),
        ("amend", placed["buy"]["id"]),
    ]
    assert [call["price"] for call in calls] == ["60130.05", "60069.95"]


def test_without_amending_it_cancels_and_places_anew_once_cancelled(stage):
    strategy, placed = quoting(stage, amend=False)
    calls = strategy.book(2001, "60099.99", "60100.01")
    assert {call["kind"] for call in calls} == {"cancel"}
    assert strategy.book(2501, "60099.99", "60100.01") == []
    for order in placed.values():
        strategy.report("Cancelled", 2600, order)
    assert quotes(strategy.book(3001, "60099.99", "60100.01"))["buy"]["price"] == "60069.95"


def test_a_host_without_amendments_gets_cancels(stage):
    strategy = stage("market-making", size=0.01, amend=False)
    strategy.without("amendOrder")
    for order in strategy.trade(0, "100.00"):
        strategy.report("Acknowledged", 1, order)
    assert {call["kind"] for call in strategy.trade(1000, "101.00")} == {"cancel"}


def test_small_moves_leave_the_quotes_alone(stage):
    strategy, _ = quoting(stage)
    assert strategy.book(2001, "60004.99", "60005.01") == []


def test_it_sends_at_most_two_messages_each_interval(stage):
    strategy, _ = quoting(stage)
    calls = []
    for i in range(2000):
        price = 60000 + 50 * (i % 40)
        calls += strategy.book(2001 + i, f"{price - 0.01:.2f}", f"{price + 0.01:.2f}")
    assert 4 <= len(calls) <= 8


def test_a_long_position_lowers_both_quotes(stage):
    strategy, placed = quoting(stage, max_inventory=0.02)
    strategy.report("Filled", 1100, placed["buy"], "0.0100")
    calls = strategy.book(2001, "59999.99", "60000.01")
    prices = {call.get("side", "amended"): Decimal(call["price"]) for call in calls}
    # half of the allowed inventory shifts the quotes by half a spread: 30
    assert prices["buy"] == Decimal("59940.01")
    assert prices["amended"] == Decimal("60000.00")


def test_at_full_inventory_only_the_side_that_reduces_it_is_quoted(stage):
    strategy, placed = quoting(stage, max_inventory=0.01)
    strategy.report("Filled", 1100, placed["buy"], "0.0100")
    calls = strategy.book(2001, "59999.99", "60000.01")
    assert [call["id"] for call in calls] == [placed["sell"]["id"]]


def test_partial_fills_count_towards_the_inventory_and_the_amended_total(stage):
    strategy, placed = quoting(stage)
    strategy.report("PartialFill", 1100, placed["buy"], "0.0040")
    calls = strategy.book(2001, "60099.99", "60100.01")
    buy = next(call for call in calls if call["id"] == placed["buy"]["id"])
    assert Decimal(buy["quantity"]) == Decimal("0.0140")


def test_quotes_never_cross_the_book(stage):
    strategy = stage("market-making", size=0.01, spread=0.0001, skew=50, max_inventory=0.02)
    strategy.instrument("0.01", "0.0001")
    placed = quotes(strategy.book(1000, "59990.00", "60010.00"))
    for order in placed.values():
        strategy.report("Acknowledged", 1001, order)
    strategy.report("Filled", 1100, placed["buy"], "0.0100")
    sale = next(c for c in strategy.book(2001, "59990.00", "60010.00") if c["id"] == placed["sell"]["id"])
    assert sale["price"] == "59990.01"


def test_an_order_without_an_answer_is_cancelled_and_not_replaced(stage):
    strategy = stage("market-making", size=0.01)
    placed = quotes(strategy.trade(1000, "60000.00"))
    assert strategy.trade(3000, "61000.00") == []
    calls = strategy.trade(6500, "61000.00")
    assert {(call["kind"], call["id"]) for call in calls} == {
        ("cancel", placed["buy"]["id"]),
        ("cancel", placed["sell"]["id"]),
    }
    assert strategy.trade(7500, "61000.00") == []


def test_rejections_make_it_wait_longer_each_time(stage):
    strategy = stage("market-making", size=0.01)
    seen = []
    for at in range(0, 40_000, 500):
        for call in strategy.trade(at, "60000.00"):
            if call["side"] == "buy":
                seen.append(at)
            strategy.report("Rejected", at, call, reason="insufficient balance")
    assert seen == [0, 1000, 3000, 7000, 15000, 31000]
    assert any("insufficient balance" in line for line in strategy.logs)


def test_a_refusal_thrown_by_the_gateway_counts_as_a_rejection(stage):
    strategy = stage("market-making", size=0.01)
    strategy.refuse("paper does not trade BTC-USDT")
    assert strategy.trade(0, "60000.00") == []
    assert strategy.trade(500, "60000.00") == []
    assert len(strategy.logs) == 2


def test_orders_that_expire_at_once_are_not_answered_with_others(stage):
    strategy = stage("market-making", size=0.01)
    for order in strategy.trade(0, "60000.00"):
        strategy.report("Expired", 0, order)
    assert strategy.trade(4000, "60000.00") == []
    assert len(strategy.trade(6000, "60000.00")) == 2


def test_a_halt_withdraws_the_quotes_and_stops_new_ones(stage):
    strategy, placed = quoting(stage)
    halt = {"status": "triggered", "breachType": "kill_switch", "reason": "5 breaches",
            "killSwitchEngaged": True, "circuitBreakerOpen": False}  # fmt: skip
    calls = strategy.event("onRiskControl", 1200, halt)
    assert sorted(call["id"] for call in calls) == sorted(order["id"] for order in placed.values())
    strategy.set_trading("false")
    for order in placed.values():
        strategy.report("Cancelled", 1300, order)
    assert strategy.trade(5000, "60000.00") == []


def test_an_unknown_open_order_of_ours_is_cancelled(stage):
    strategy, _ = quoting(stage)
    left = {"id": "left-over", "side": "buy", "quantity": "1", "price": "1"}
    assert [c["id"] for c in strategy.report("Acknowledged", 1100, left)] == ["left-over"]


def test_only_its_symbol_and_its_reference_move_it(stage):
    strategy = stage("market-making", size=0.01, symbol="BTC-USDT", reference="binance")
    assert strategy.trade(0, "60000.00") == []
    assert strategy.trade(1, "3000.00", provider="binance", symbol="ETH-USDT") == []
    assert len(strategy.trade(2, "60000.00", provider="binance")) == 2


def test_an_amended_quote_is_renewed_after_a_minute(stage):
    strategy, placed = quoting(stage)
    strategy.book(2001, "60099.99", "60100.01")
    calls = strategy.book(62_000, "60099.99", "60100.01")
    assert sorted((c["kind"], c["id"]) for c in calls) == sorted(("cancel", o["id"]) for o in placed.values())


def test_through_a_long_random_walk_its_limits_hold(stage, venue):
    strategy = stage("market-making", size=0.01, spread=0.0005, max_inventory=0.03)
    strategy.instrument("0.01", "0.0001")
    paper = venue(strategy)
    price, dice = 60000.0, random.Random(7)
    for i in range(4000):
        price *= 1 + dice.gauss(0, 0.0001)
        paper.trade(i * 50, f"{price:.2f}")
        by_side = {order["side"]: Decimal(order["price"]) for order in paper.open.values()}
        assert len(by_side) == len(paper.open) <= 2
        assert len(by_side) < 2 or by_side["buy"] < by_side["sell"]
        assert abs(paper.position) <= Decimal("0.03")
    fills = sum(1 for call in paper.calls if call["kind"] == "submit")
    assert fills > 50
    for second in range(0, 200_000, 1000):
        assert sum(1 for call in paper.calls if second <= call["at"] < second + 1000) <= 4
