def test_it_sums_up_what_came_in_an_interval(stage):
    strategy = stage("logger", interval="1s")
    for at, price in ((0, "100.5"), (300, "101.5"), (600, "99.5")):
        strategy.trade(at, price)
    strategy.book(700, "99.4", "99.6")
    assert strategy.logs == []
    strategy.trade(1000, "100.0")
    assert strategy.logs == [
        "paper BTC-USDT: 3 trades, 1 books, last 99.5, range 99.5 to 101.5, bid 99.4, ask 99.6"
    ]


def test_streams_are_summed_up_apart(stage):
    strategy = stage("logger", interval="1s")
    strategy.trade(0, "100", provider="binance")
    strategy.trade(1, "5", symbol="ETH-USDT")
    strategy.trade(1000, "100")
    assert strategy.logs == [
        "binance BTC-USDT: 1 trades, last 100, range 100 to 100",
        "paper ETH-USDT: 1 trades, last 5, range 5 to 5",
    ]


def test_samples_are_whole_events_and_no_more_than_asked_for(stage):
    strategy = stage("logger", samples=2)
    for at in range(5):
        strategy.trade(at, "100")
    assert len(strategy.logs) == 2
    assert '"price":"100"' in strategy.logs[0]


def test_orders_are_written_as_they_come(stage):
    strategy = stage("logger")
    order = {"id": "o-1", "side": "buy", "quantity": "2", "price": "100"}
    strategy.report("PartialFill", 0, order, "1")
    strategy.report("Rejected", 1, order, reason="no balance")
    assert strategy.logs == [
        "order o-1 partially filled: buy 2 at 100, 1 filled at 100",
        "order o-1 rejected: buy 2 at 100: no balance",
    ]


def test_balances_and_risk_events_are_written_whole(stage):
    strategy = stage("logger")
    strategy.event("onBalanceUpdate", 0, {"currency": "BTC", "total": "2", "available": "1"})
    assert strategy.logs == ['balance paper {"currency":"BTC","total":"2","available":"1"}']


def test_it_never_sends_an_order(stage):
    strategy = stage("logger")
    assert [strategy.trade(at, "100") for at in range(3)] == [[], [], []]
