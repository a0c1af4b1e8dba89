import math


def warmed(stage, **config):
    """Four minutes of a price that swings by 0.5 around 100."""
    strategy = stage("mean-reversion", **{"size": 0.5, **config})
    strategy.instrument("0.01", "0.001")
    for second in range(240):
        assert strategy.trade(second * 1000, f"{100 + 0.5 * math.sin(second):.2f}") == []
    return strategy


def holding(stage, **config):
    strategy = warmed(stage, **config)
    [order] = strategy.trade(240_000, "98.50")
    strategy.report("Filled", 240_010, order, "0.500")
    return strategy


def test_it_buys_far_below_the_average(stage):
    [order] = warmed(stage).trade(240_000, "98.50")
    assert (order["side"], order["quantity"], order["timeInForce"]) == ("buy", "0.500", "ioc")
    assert order["price"] == "98.54"


def test_it_sells_what_it_bought_when_the_price_is_back(stage):
    strategy = holding(stage)
    assert strategy.trade(242_000, "98.90") == []
    [leave] = strategy.trade(243_000, "100.00")
    assert (leave["side"], leave["quantity"]) == ("sell", "0.500")


def test_it_sells_short_only_where_that_is_allowed(stage):
    assert warmed(stage).trade(240_000, "101.50") == []
    assert [c["side"] for c in warmed(stage, allow_short=True).trade(240_000, "101.50")] == ["sell"]


def test_a_way_back_that_earns_too_little_is_not_traded(stage):
    assert warmed(stage, min_edge=0.02).trade(240_000, "98.50") == []


def test_it_takes_its_loss(stage):
    strategy = holding(stage)
    assert strategy.trade(242_000, "97.60") == []
    assert [call["side"] for call in strategy.trade(242_500, "97.50")] == ["sell"]


def test_after_a_loss_it_waits_until_the_price_has_been_near_its_average(stage):
    strategy = holding(stage, cooldown="5s")
    [leave] = strategy.trade(242_500, "97.00")
    strategy.report("Filled", 242_510, leave, "0.500")
    assert strategy.trade(250_000, "92.00") == []
    for second in range(251, 700):
        assert strategy.trade(second * 1000, f"{95 + 0.5 * math.sin(second):.2f}") == []
    assert [call["side"] for call in strategy.trade(700_000, "93.00")] == ["buy"]


def test_it_leaves_after_the_longest_hold(stage):
    strategy = holding(stage, max_hold="30s")
    assert strategy.trade(269_000, "98.50") == []
    assert [call["side"] for call in strategy.trade(270_000, "98.50")] == ["sell"]


def test_nothing_is_traded_before_the_average_is_known(stage):
    strategy = stage("mean-reversion", size=0.5)
    for second in range(170):
        assert strategy.trade(second * 1000, "100.00" if second % 2 else "100.01") == []
    assert strategy.trade(171_000, "90.00") == []


def test_a_silence_makes_it_gather_the_average_anew(stage):
    assert warmed(stage).trade(2_000_000, "98.50") == []


def test_the_rate_of_events_does_not_change_the_average(stage):
    sparse, dense = stage("mean-reversion", size=0.5), stage("mean-reversion", size=0.5)
    for second in range(240):
        price = f"{100 + 0.5 * math.sin(second):.2f}"
        sparse.trade(second * 1000, price)
        for i in range(10):
            dense.trade(second * 1000 + i, price)
    assert sparse.trade(240_000, "98.50") == dense.trade(240_000, "98.50") != []
