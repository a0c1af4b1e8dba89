def warmed(stage, **config):
    """A minute of trades between 99.50 and 100.00, then a range that is known."""
    strategy = stage("momentum", **{"size": 0.5, **config})
    strategy.instrument("0.01", "0.001")
    for second in range(61):
        assert strategy.trade(second * 1000, "100.00" if second % 2 else "99.50") == []
    return strategy


def test_it_buys_a_breakout_at_once_or_not_at_all(stage):
    [order] = warmed(stage).trade(61_000, "100.20")
    assert (order["side"], order["quantity"], order["timeInForce"]) == ("buy", "0.500", "ioc")
    assert order["price"] == "100.30"


def test_nothing_happens_inside_the_range_or_barely_above_it(stage):
    strategy = warmed(stage)
    assert strategy.trade(61_000, "99.90") == []
    assert strategy.trade(61_100, "100.04") == []


def test_nothing_happens_before_the_range_is_known(stage):
    strategy = stage("momentum", size=0.5)
    calls = [strategy.trade(second * 1000, str(100 + second)) for second in range(60)]
    assert calls == [[]] * 60


def test_a_silence_makes_it_gather_the_range_anew(stage):
    strategy = warmed(stage)
    assert strategy.trade(300_000, "150.00") == []
    assert strategy.trade(301_000, "151.00") == []


def test_it_sells_short_only_where_that_is_allowed(stage):
    assert warmed(stage).trade(61_000, "99.00") == []
    [order] = warmed(stage, allow_short=True).trade(61_000, "99.00")
    assert (order["side"], order["price"]) == ("sell", "98.91")


def test_it_holds_while_the_price_rises_and_leaves_at_the_setback(stage):
    strategy = warmed(stage)
    [order] = strategy.trade(61_000, "100.20")
    strategy.report("Filled", 61_010, order, "0.500")
    assert strategy.trade(63_000, "101.00") == []
    assert strategy.trade(64_000, "102.00") == []
    assert strategy.trade(65_000, "101.90") == []
    [leave] = strategy.trade(66_000, "101.79")
    assert (leave["side"], leave["quantity"]) == ("sell", "0.500")


def test_a_partly_filled_exit_is_continued(stage):
    strategy = warmed(stage)
    [order] = strategy.trade(61_000, "100.20")
    strategy.report("Filled", 61_010, order, "0.500")
    [leave] = strategy.trade(63_000, "99.80")
    strategy.report("PartialFill", 63_010, leave, "0.200")
    strategy.report("Cancelled", 63_020, leave, "0.200")
    assert strategy.trade(63_500, "99.70") == []
    [rest] = strategy.trade(64_100, "99.70")
    assert (rest["side"], rest["quantity"]) == ("sell", "0.300")


def test_it_leaves_after_the_longest_hold(stage):
    strategy = warmed(stage, max_hold="30s", trail=0.5)
    [order] = strategy.trade(61_000, "100.20")
    strategy.report("Filled", 61_010, order, "0.500")
    assert strategy.trade(90_000, "100.20") == []
    assert [call["side"] for call in strategy.trade(91_000, "100.20")] == ["sell"]


def test_it_rests_after_a_position(stage):
    strategy = warmed(stage, cooldown="20s")
    [order] = strategy.trade(61_000, "100.20")
    strategy.report("Filled", 61_010, order, "0.500")
    [leave] = strategy.trade(63_000, "99.80")
    strategy.report("Filled", 63_010, leave, "0.500")
    assert strategy.trade(70_000, "101.00") == []
    assert [call["side"] for call in strategy.trade(84_000, "103.00")] == ["buy"]


def test_an_order_without_an_answer_is_cancelled_before_anything_else(stage):
    strategy = warmed(stage)
    [order] = strategy.trade(61_000, "100.20")
    assert strategy.trade(65_000, "101.00") == []
    assert [(c["kind"], c["id"]) for c in strategy.trade(67_000, "101.00")] == [("cancel", order["id"])]


def test_it_does_nothing_while_trading_is_halted(stage):
    strategy = warmed(stage)
    strategy.set_trading("false")
    assert strategy.trade(61_000, "100.20") == []


def test_tickers_serve_as_well_as_trades(stage):
    strategy = warmed(stage)
    ticker = {"lastPrice": "100.20", "bidPrice": "100.19", "askPrice": "100.21"}
    assert [call["side"] for call in strategy.event("onTicker", 61_000, ticker)] == ["buy"]
