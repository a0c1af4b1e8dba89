import random
from decimal import Decimal


def filled(stage, venue, **config):
    strategy = stage("grid", **{"size": 1, "step": 0.01, "levels": 2, **config})
    strategy.instrument("0.01", "0.01")
    paper = venue(strategy)
    for i in range(8):
        paper.trade(i * 250, "100.00")
    return paper


def orders(paper):
    return sorted((order["side"], Decimal(order["price"])) for order in paper.open.values())


def test_it_lays_buys_below_and_sells_above(stage, venue):
    assert orders(filled(stage, venue)) == [
        ("buy", Decimal("98.02")),
        ("buy", Decimal("99.00")),
        ("sell", Decimal("101.00")),
        ("sell", Decimal("102.01")),
    ]


def test_the_nearest_lines_come_first_one_each_interval(stage):
    strategy = stage("grid", size=1, step=0.01, levels=2)
    first = strategy.trade(0, "100.10")
    assert [(order["side"], order["price"]) for order in first] == [("buy", "99.10")]
    assert strategy.trade(249, "100.10") == []
    assert [order["price"] for order in strategy.trade(250, "100.10")] == ["101.11"]


def test_a_filled_buy_is_sold_a_line_higher(stage, venue):
    paper = filled(stage, venue)
    paper.trade(3000, "98.90")
    assert paper.position == 1
    paper.trade(3500, "98.90")
    assert ("sell", Decimal("100.00")) in orders(paper)
    assert ("buy", Decimal("99.00")) not in orders(paper)


def test_each_round_trip_earns_a_step(stage, venue):
    paper = filled(stage, venue)
    paper.trade(3000, "98.90")
    paper.trade(3500, "98.90")
    paper.trade(4000, "100.00")
    assert (paper.position, paper.cash) == (0, Decimal("1.00"))


def test_without_short_selling_it_begins_with_buys_only(stage, venue):
    assert {side for side, _ in orders(filled(stage, venue, allow_short=False))} == {"buy"}


def test_beyond_the_stop_all_orders_are_withdrawn_until_the_price_is_back(stage, venue):
    paper = filled(stage, venue, stop=0.05)
    for i in range(8):
        paper.trade(4000 + 250 * i, "110.00")
    assert orders(paper) == []
    paper.trade(7000, "103.00")
    assert orders(paper) == []
    for i in range(24):
        paper.trade(20_000 + 250 * i, "100.50")
    assert len(paper.open) >= 3


def test_a_halt_withdraws_all_orders(stage, venue):
    paper = filled(stage, venue)
    halt = {"reason": "5 breaches", "killSwitchEngaged": True, "circuitBreakerOpen": False}
    calls = paper.stage.event("onRiskControl", 3000, halt)
    assert sorted(call["id"] for call in calls) == sorted(paper.open)


def test_a_rejected_cell_waits_while_the_others_work(stage):
    strategy = stage("grid", size=1, step=0.01, levels=1)
    [first] = strategy.trade(0, "100.10")
    strategy.report("Rejected", 10, first, reason="no balance")
    [second] = strategy.trade(250, "100.10")
    assert second["side"] != first["side"]
    strategy.report("Acknowledged", 260, second)
    assert strategy.trade(900, "100.10") == []
    assert [call["side"] for call in strategy.trade(1100, "100.10")] == [first["side"]]


def test_a_partly_filled_order_that_is_cancelled_leaves_the_rest_to_the_next(stage):
    strategy = stage("grid", size=1, step=0.01, levels=1)
    strategy.instrument("0.01", "0.01")
    [buy] = strategy.trade(0, "100.10")
    strategy.report("PartialFill", 10, buy, "0.40")
    strategy.report("Cancelled", 20, buy, "0.40")
    [sell] = strategy.trade(250, "100.10")
    strategy.report("Acknowledged", 260, sell)
    [rest] = [call for at in range(500, 8000, 500) for call in strategy.trade(at, "100.10")][:1]
    assert (rest["side"], rest["quantity"]) == ("buy", "0.60")


def test_through_a_long_random_walk_its_limits_hold(stage, venue):
    strategy = stage("grid", size=1, step=0.002, levels=3)
    strategy.instrument("0.01", "0.01")
    paper = venue(strategy)
    price, dice = 100.0, random.Random(3)
    for i in range(4000):
        price *= 1 + dice.gauss(0, 0.0006)
        paper.trade(i * 100, f"{price:.2f}")
        assert len(paper.open) <= 6
        assert abs(paper.position) <= 3
        prices = [order["price"] for order in paper.open.values()]
        assert len(prices) == len(set(prices))
    assert sum(1 for call in paper.calls if call["kind"] == "submit") > 20
