import pytest


def test_a_spread_that_wavers_around_the_limit_makes_one_line(stage):
    strategy = stage("spread-alert", above=0.001, below=0.0005)
    for at, ask in enumerate(["100.05", "100.11", "100.09", "100.11", "100.04"]):
        strategy.book(at, "100.00", ask)
    assert strategy.logs == [
        "WIDE paper BTC-USDT: 11.0 bps (100 to 100.11)",
        "good paper BTC-USDT: 4.0 bps, after 3 ms",
    ]


def test_each_symbol_of_each_venue_is_watched_apart(stage):
    strategy = stage("spread-alert", above=0.001)
    strategy.book(0, "100", "101")
    strategy.book(1, "100", "101", symbol="ETH-USDT")
    strategy.book(2, "100", "101", provider="west")
    assert [line.split(":")[0] for line in strategy.logs] == [
        "WIDE paper BTC-USDT",
        "WIDE paper ETH-USDT",
        "WIDE west BTC-USDT",
    ]


def test_half_a_book_is_no_spread(stage):
    strategy = stage("spread-alert")
    strategy.event("onBookSnapshot", 0, {"bids": [], "asks": [{"price": "100", "quantity": "1"}]})
    assert strategy.logs == []


@pytest.mark.parametrize("config", [{"above": 0}, {"above": 0.001, "below": 0.002}, {"below": 0}])
def test_limits_that_make_no_sense_are_refused(stage, config):
    with pytest.raises(Exception, match=r"config (above|below): a ratio above 0"):
        stage("spread-alert", **config)
