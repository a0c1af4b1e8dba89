"""What an adapter provides, and who may trade where."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from meltica_compiler.adapters.adapters import ADAPTERS
from meltica_compiler.adapters.manifest import MARKET_EVENTS
from meltica_compiler.passes.providers import venue_faults
from meltica_dsl.load import load
from meltica_dsl.model.fields import HOT_EVENTS

STRATEGIES = Path(__file__).parents[3] / "strategies"


def test_the_fake_venue_provides_every_hot_event():
    assert set(ADAPTERS["fake"].provides({})) == {event.name for event in HOT_EVENTS} == set(MARKET_EVENTS)


def test_a_replay_provides_what_its_file_holds():
    replay = ADAPTERS["replay"]
    assert replay.provides({"format": "tardis_quotes"}) == ("ticker",)
    formats = next(spec for spec in replay.settings if spec.name == "format").choices
    assert all(set(replay.provides({"format": name})) <= set(replay.events) for name in formats)


def test_trading_wants_a_venue_and_its_credentials():
    text = """
    pipeline p
    provider venue { adapter = fake, symbols = [BTC-USDT], api_key = secret("KEY") }
    strategy s = "noop" { trade_on = venue }
    """
    pipeline = load("t.mel", text, {}).pipeline
    strategy, provider = pipeline.strategies[0], pipeline.providers[0]
    spec = replace(ADAPTERS["fake"], identifier="exchange", credentials=("api_key", "api_secret"))
    (missing,) = venue_faults(strategy, provider, spec)
    assert (missing.code, missing.label) == ("E0404", "wants `api_secret`")
    (quiet,) = venue_faults(strategy, provider, replace(spec, trades=False))
    assert quiet.code == "E0403"
    assert venue_faults(strategy, provider, replace(spec, credentials=("api_key",))) == ()
