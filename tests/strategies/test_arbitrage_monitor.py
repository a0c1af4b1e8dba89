import pytest


def quotes(strategy, *lines):
    for at, venue, bid, ask in lines:
        strategy.book(at, bid, ask, provider=venue)
    return strategy.logs


def test_an_opportunity_is_told_once_and_when_it_is_over(stage):
    strategy = stage("arbitrage-monitor", fee=0.0005)
    assert quotes(
        strategy,
        (0, "east", "100", "100.1"),
        (1, "west", "100.4", "100.5"),
        (2, "west", "100.6", "100.7"),
        (9, "west", "100.1", "100.2"),
    ) == [
        "OPEN BTC-USDT: buy on east at 100.1, sell on west at 100.4, 20.0 bps after fees",
        "over BTC-USDT: after 8 ms, at best 40.0 bps after fees",
    ]


def test_fees_and_edge_come_first(stage):
    lines = (0, "east", "100", "100.1"), (1, "west", "100.3", "100.4")
    assert quotes(stage("arbitrage-monitor", fee=0.001), *lines) == []
    assert quotes(stage("arbitrage-monitor", fee=0, edge=0.002), *lines) == []
    assert len(quotes(stage("arbitrage-monitor", fee=0), *lines)) == 1


def test_a_quote_that_is_old_counts_no_more(stage):
    strategy = stage("arbitrage-monitor", stale_after="2s")
    assert quotes(strategy, (0, "east", "100", "100.1"), (2001, "west", "105", "106")) == []


def test_one_venue_is_no_opportunity(stage):
    assert quotes(stage("arbitrage-monitor", fee=0), (0, "east", "101", "100")) == []


def test_an_age_that_makes_no_sense_is_refused(stage):
    with pytest.raises(Exception, match="config stale_after: a duration above 0"):
        stage("arbitrage-monitor", stale_after="soon")
