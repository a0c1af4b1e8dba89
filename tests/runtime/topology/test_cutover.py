"""Whatever fails at the switch, the old graph goes on as if nothing had been tried."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from meltica_compiler.kernels.dedupe import IdentifierDedupe
from meltica_compiler.kernels.recent_keys import RecentKeys
from meltica_runtime.dataplane.edge_ring import EdgeRing
from meltica_runtime.dataplane.ingress_ring import IngressRing
from meltica_runtime.dataplane.link_ring import LinkRing
from meltica_runtime.dataplane.migration import PlaneMigration
from meltica_runtime.dataplane.route_flow import RouteFlow
from meltica_runtime.topology.reload import ReloadFailed
from meltica_runtime.venues.fake.market import FakeMarket
from meltica_runtime.venues.paper.trading import PaperTrading
from meltica_runtime.venues.simulated_provider import SimulatedProvider

pytestmark = pytest.mark.anyio

OLD = """
pipeline desk { memory = 256MiB }
provider steady { adapter = fake, seed = 7, rate = 2_000/s, symbols = [BTC-USDT, ETH-USDT] }
provider other { adapter = fake, seed = 8, rate = 500/s, symbols = [BTC-USDT] }
provider third { adapter = fake, seed = 9, rate = 100/s, symbols = [BTC-USDT] }
pool whole { events = 8_192, on_full = block }
pool newest { events = 64, on_full = conflate }
pool between { events = 4_096, on_full = block }
route all via whole = steady.trade -> counter
route once via whole = steady.trade | dedupe within 5s -> single
route books via newest = steady.book | depth 5 -> watcher
route first via between = steady.trade | where price > 0 -> tape
route second via whole = first, other.trade, third.trade -> follower
strategy counter = "contiguous"
strategy single = "contiguous"
strategy watcher = "ordered"
strategy follower = "ordered"
sink tape = log { level = debug }
"""

NEW = (
    (
        OLD.replace("pool between { events = 4_096", "pool between { events = 32_768")
        .replace("steady.trade -> counter", "steady.trade | where quantity > 0 -> counter")
        .replace("dedupe within 5s -> single", "dedupe within 5s | where price > 0 -> single, extra")
        .replace("depth 5", "depth 3")
        .replace(
            "provider other { adapter = fake, seed = 8, rate = 500/s, symbols = [BTC-USDT] }",
            "provider other { adapter = fake, seed = 8, rate = 500/s, symbols = [SOL-USDT] }",
        )
    )
    + """
route quotes via whole = steady.ticker -> buyer
strategy buyer = "ordered" { trade_on = steady, risk = small, dry_run = false }
strategy extra = "ordered"
risk small { max_position = 1 }
"""
)

STEPS = (
    (PlaneMigration, "_end"),
    (PlaneMigration, "_hand_over"),
    (RouteFlow, "begin"),
    (RouteFlow, "inherit"),
    (LinkRing, "inherit"),
    (IngressRing, "inherit"),
    (EdgeRing, "change_source"),
    (IdentifierDedupe, "adopt"),
    (RecentKeys, "renumbered"),
    (SimulatedProvider, "resume"),
    (SimulatedProvider, "_use_paper"),
    (PaperTrading, "open"),
    (FakeMarket, "subscribe"),
)

RETURN_THE_WAY_BACK = (SimulatedProvider.resume, EdgeRing.change_source)


class Broken(Exception):
    pass


def failing_at(act: Callable[..., object], call: int) -> Callable[..., object]:
    """Does what `act` does, and at this call raises after it: the most that can be there to take back. Where
    it returns the way back, it raises before."""
    calls = 0

    def broken(*arguments: object) -> object:
        nonlocal calls
        calls += 1
        if calls == call and act in RETURN_THE_WAY_BACK:
            raise Broken(act.__qualname__)
        done = act(*arguments)
        if calls == call:
            raise Broken(act.__qualname__)
        return done

    return broken


async def outcome_of(applying: Awaitable[object]) -> str | None:
    """Why it failed, if it did."""
    try:
        await applying
    except ReloadFailed as fault:
        return fault.message
    return None


@pytest.mark.parametrize(("owner", "step"), STEPS, ids=lambda value: getattr(value, "__name__", value))
async def test_a_switch_that_fails_at_any_step_leaves_everything_as_it_was(served, monkeypatch, owner, step):
    whole = getattr(owner, step)
    async with served(OLD) as running:
        gateway = running.gateway
        await running.more_events(1_000)
        topology, failed = gateway._state.topology, 0
        while True:
            monkeypatch.setattr(owner, step, failing_at(whole, failed + 1))
            outcome = await outcome_of(running.apply(NEW))
            monkeypatch.undo()
            if outcome is None:
                break
            failed += 1
            assert outcome.startswith("Broken")
            assert gateway._state.topology is topology
            assert gateway.router.statistics().venues == ()
            await running.more_events(200)
        assert failed, f"{step} is no step of this switch"
        await running.until(lambda: gateway.snapshot().strategies["buyer"].events > 100)
        await running.more_events(1_000)
    now = gateway.snapshot()
    assert {name: one.fault for name, one in now.strategies.items() if one.fault} == {}
    for edge in ("edge:all->counter", "edge:once->single"):
        assert (now.edges[edge].dropped, now.edges[edge].waiting) == (0, 0)
    trades = now.providers["steady"].by_event["trade"]
    assert now.strategies["counter"].events == now.strategies["single"].events == trades
