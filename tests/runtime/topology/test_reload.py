"""A graph takes the place of another: what moves, what stays, and what is left alone when it fails."""

from __future__ import annotations

import re
from decimal import Decimal

import anyio
import numpy as np
import pytest

from meltica_compiler.plan.plan import NodeAction
from meltica_runtime.orders.order import OrderState
from meltica_runtime.store.pool import PoolLimits, open_database
from meltica_runtime.strategies.instance import InstanceState
from meltica_runtime.topology import cutover as cutover_module
from meltica_runtime.topology import reload as reload_module
from meltica_runtime.topology.gateway import Gateway, GatewayOptions
from meltica_runtime.topology.reload import OutOfDate, ReloadFailed, ReloadRefused
from meltica_runtime.venues.paper.trading import PaperTrading

pytestmark = pytest.mark.anyio

TEXT = """
pipeline desk { memory = 256MiB }
provider steady { adapter = fake, seed = 7, rate = 2_000/s, symbols = [BTC-USDT, ETH-USDT] }
pool whole { events = 8_192, on_full = block }
route all via whole = steady.trade -> counter
strategy counter = "contiguous"
"""

MORE = """
provider other { adapter = fake, rate = 500/s, symbols = [AAA-USDT] }
route others via whole = other.trade, steady.trade -> watcher
strategy watcher = "ordered"
"""

THROWING = """
module.exports = {
  metadata: { name: "throwing", tag: "1.0.0", displayName: "Throwing", description: "Does not start.",
              config: [], events: ["Trade"] },
  create() {
    throw new Error("no such thing");
  },
};
"""

RESTING = """
// Places one order that is never filled, and waits.
module.exports = {
  metadata: { name: "resting", tag: "1.0.0", displayName: "Resting", description: "Places one order.",
              config: [], events: ["Trade"] },
  create(env) {
    let placed = false;
    return { onTrade(ctx, evt, payload, price) {
      if (!placed) env.runtime.submitOrder("steady", "buy", 0.01, 1, { symbol: "BTC-USDT" });
      placed = true;
    } };
  },
};
"""

BUYER = """
route own via whole = steady.trade -> buyer
strategy buyer = "resting" { trade_on = steady, risk = small, dry_run = false }
risk small { max_position = 1 }
"""


def tasks_of(gateway: Gateway) -> object:
    return (gateway.plane, gateway.strategies, gateway.providers, gateway.sinks)


async def test_nodes_are_added_and_removed_while_the_others_go_on(served):
    async with served(TEXT) as running:
        gateway = running.gateway
        await running.more_events(500)
        counter = gateway.strategies["counter"]
        added = await running.apply(TEXT + MORE)
        assert [step.id for step in added.plan.changes] == [
            "provider:other",
            "route:others",
            "strategy:watcher",
        ]
        assert added.lost == 0
        await running.until(lambda: gateway.snapshot().strategies["watcher"].events > 500)
        watcher = gateway.strategies["watcher"]
        removed = await running.apply(TEXT)
        assert {step.action for step in removed.plan.changes} == {NodeAction.REMOVED}
        await running.until(lambda: watcher.state is InstanceState.STOPPED)
        assert watcher.statistics().fault is None
        assert all(edge.is_empty for edge in watcher.edges)
        assert gateway.strategies == {"counter": counter}
        assert gateway.plane.codes.symbols == ("BTC-USDT", "ETH-USDT", "AAA-USDT")
        assert gateway.graph.symbols == ("BTC-USDT", "ETH-USDT")
        await running.more_events(500)
    assert counter.statistics().fault is None


async def test_a_file_that_only_moved_its_lines_changes_nothing_but_places(served, caplog):
    text = TEXT.replace("-> counter", "-> counter, tape") + "sink tape = log {}\n"
    async with served(text) as running:
        plane = running.gateway.plane
        reloaded = await running.apply("\n\n# further down\n" + text)
        assert reloaded.plan.changes == ()
        assert running.gateway.plane.flows == plane.flows
        assert running.gateway.strategies["counter"].node.location.line == 9
        caplog.set_level("INFO", "meltica.sink.tape")
        caplog.clear()
        await running.more_events(500)
        await running.until(lambda: [r for r in caplog.records if r.name == "meltica.sink.tape"])
        assert {r.place for r in caplog.records if r.name == "meltica.sink.tape"} == {"desk.mel:10:1"}


@pytest.mark.parametrize(
    "more",
    [
        'route r via whole = steady.trade -> bad\nstrategy bad = "throwing"\n' + MORE,
        MORE
        + 'route r via whole = other.trade -> bad, tape\nstrategy bad = "throwing"\nsink tape = log {}\n',
    ],
)
async def test_a_strategy_that_does_not_start_leaves_everything_as_it_was(served, more, caplog):
    async with served(TEXT, throwing=THROWING) as running:
        gateway = running.gateway
        await running.more_events(500)
        topology, hash = gateway._state.topology, gateway.graph.hash
        with pytest.raises(ReloadFailed, match=r"throwing.js:\d+:\d+: create: .*no such thing") as failed:
            await running.apply(TEXT + more)
        assert failed.value.node == "strategy:bad"
        assert re.fullmatch(r"desk\.mel:\d+:1", failed.value.place)
        assert gateway._state.topology is topology
        assert gateway.graph.hash == hash
        assert "starts again" not in caplog.text
        async with gateway.database.connection() as connection:
            rows = await connection.fetch("SELECT route FROM provider_routes")
        assert {row["route"] for row in rows} == {"all"}
        # What could not be applied holds nothing that a later try needs.
        await running.apply(TEXT + MORE)
        await running.more_events(500)
    assert gateway.snapshot().strategies["counter"].fault is None


async def test_a_plan_against_another_graph_is_refused(served):
    async with served(TEXT) as running:
        known = running.gateway.graph.hash
        await running.apply(TEXT + MORE)
        with pytest.raises(OutOfDate, match="the gateway runs the graph"):
            await running.gateway.apply(running.compiled(TEXT), known)


async def test_a_pipeline_of_another_name_is_refused(served):
    async with served(TEXT) as running:
        with pytest.raises(ReloadRefused, match="runs the pipeline `desk`, not `other`"):
            await running.apply(TEXT.replace("pipeline desk", "pipeline other"))


async def test_two_at_once_come_one_after_the_other(served):
    async with served(TEXT) as running:
        known = running.gateway.graph.hash
        outcomes = []

        async def attempt(text: str) -> None:
            try:
                outcomes.append(await running.gateway.apply(running.compiled(text), known))
            except OutOfDate as fault:
                outcomes.append(fault)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(attempt, TEXT + MORE)
            tasks.start_soon(attempt, TEXT.replace("8_192", "4_096"))
        assert len([one for one in outcomes if isinstance(one, OutOfDate)]) == 1


QUIET = """
pipeline desk { memory = 256MiB }
provider slow { adapter = fake, rate = 0.001/s, symbols = [BTC-USDT, ETH-USDT] }
pool whole { events = 1_024, on_full = block }
route all via whole = slow.trade | where quantity >= %s | dedupe within %s -> counter
strategy counter = "ordered"
"""


def arrive(gateway: Gateway, rows) -> None:
    """Writes trades as the provider would."""
    first = gateway.plane.ingest.next_seqs(len(rows))
    rows["seq"] = range(first, first + len(rows))
    gateway.plane.ingresses["slow"]["trade"].append(rows)
    gateway._state.run_pump()


@pytest.mark.parametrize(
    ("after", "delivered"),
    [
        (QUIET % ("0.02", "60s"), 4),
        ((QUIET % ("0.01", "60s")).replace("8_192", "4_096"), 4),
        # Another symbol gives each stream another number in the table of what was seen.
        (QUIET % ("0.02", "60s") + MORE.replace(", steady.trade", "").replace("watcher", "other_one"), 4),
        (QUIET % ("0.01", "30s"), 8),
    ],
)
async def test_what_was_seen_before_the_switch_is_dropped_after_it(served, make_trades, after, delivered):
    rows = make_trades([1, 2, 3, 4], [0, 2, 0, 2])
    rows["price"], rows["quantity"] = 100.0, 1.0
    async with served(QUIET % ("0.01", "60s")) as running:
        gateway = running.gateway
        arrive(gateway, rows.copy())
        arrive(gateway, rows.copy())
        assert gateway.plane.flows["all"].events_out == 4
        await running.apply(after)
        arrive(gateway, rows.copy())
        assert gateway.plane.flows["all"].events_out == delivered


HELD = """
pipeline desk { memory = 256MiB }
provider slow { adapter = fake, rate = 0.001/s, symbols = [BTC-USDT, ETH-USDT] }
pool whole { events = 1_024, on_full = block }
route all via whole = slow.trade | conflate per symbol every %s -> counter
strategy counter = "ordered"
"""


async def test_a_stage_that_was_changed_holds_back_until_its_own_window_ends(served, make_trades):
    rows = make_trades([1, 2], [0, 0])
    # Later than the gateway's clock, which closes no window then.
    rows["time"] = 4e15 + np.array([1, 2])
    async with served(HELD % "10s") as running:
        flows = running.gateway.plane.flows
        arrive(running.gateway, rows.copy())
        assert flows["all"].events_out == 0
        await running.apply(HELD % "20s")
        flows = running.gateway.plane.flows
        assert flows["all"].events_out == 1, "what the old stage held goes out with it"
        for _ in range(3):
            arrive(running.gateway, rows.copy())
        assert flows["all"].events_out == 1
        rows["time"] += 20e6
        arrive(running.gateway, rows.copy())
        assert flows["all"].events_out == 2


async def test_new_limits_hold_at_once_and_an_engaged_kill_switch_stays(served):
    async with served(TEXT + BUYER, resting=RESTING) as running:
        gateway = running.gateway
        await running.until(lambda: gateway.snapshot().orders.engine.acknowledged == 1)
        buyer = gateway.strategies["buyer"]
        gateway.router.halt("buyer", "by hand")
        reloaded = await running.apply(TEXT + BUYER.replace("max_position = 1", "max_position = 3"))
        assert reloaded.plan.action("strategy:buyer") is NodeAction.MOVED
        assert gateway.strategies["buyer"] is buyer
        assert gateway.router.engine.accounts.limits("buyer").max_position == Decimal(3)
        assert gateway.router.engine.accounts.is_halted("buyer")
        assert gateway.snapshot().orders.engine.open_orders == 1


async def test_the_orders_of_a_removed_strategy_stay_known_and_are_taken_up_again(
    served, migrated_dsn, tmp_path
):
    before = TEXT
    both = before + BUYER
    async with served(before, resting=RESTING) as running:
        gateway = running.gateway
        await running.apply(both)
        await running.until(lambda: gateway.snapshot().orders.engine.acknowledged == 1)
        await running.apply(before)
        (order,) = gateway.router.engine.open_orders()
        assert not order.state.is_final
        await running.more_events(200)
        assert gateway.snapshot().orders.engine.cancels == 0
    async with open_database(migrated_dsn, PoolLimits()) as database:
        again = Gateway(running.compiled(both), database, GatewayOptions(tmp_path))
        with anyio.fail_after(20):
            await again.serve(ready=again.stop)
        orders = {one.client_order_id: one for one in await again.orders.list_orders("buyer")}
    assert orders[order.client_order_id].state is OrderState.EXPIRED, (
        "the paper venue has forgotten it with its gateway"
    )


async def test_a_provider_that_restarts_is_asked_about_the_orders_that_are_open_there(served):
    async with served(TEXT + BUYER, resting=RESTING) as running:
        gateway = running.gateway
        await running.until(lambda: gateway.snapshot().orders.engine.acknowledged == 1)
        (order,) = gateway.router.engine.open_orders()
        text = (TEXT + BUYER).replace("rate = 2_000/s", "rate = 1_000/s").replace("contiguous", "ordered")
        reloaded = await running.apply(text)
        assert reloaded.plan.action("provider:steady") is NodeAction.RESTARTED
        known = gateway.router.engine.order
        await running.until(lambda: known(order.client_order_id).state is OrderState.EXPIRED)


MORE_OF_STEADY = """
route tickers via whole = steady.ticker -> kept
route books via whole = steady.book | depth 12 -> kept
route candles via whole = steady.kline -> kept
sink kept = log { limit = 1/s }
"""


async def test_orders_on_paper_rest_on_while_more_is_asked_of_their_provider(served):
    async with served(TEXT + BUYER, resting=RESTING) as running:
        gateway = running.gateway
        await running.until(lambda: gateway.snapshot().orders.engine.acknowledged == 1)
        (order,) = gateway.router.engine.open_orders()
        steady = gateway.providers["steady"]
        for more in (MORE_OF_STEADY, MORE_OF_STEADY.replace("12", "40"), MORE_OF_STEADY, "", MORE_OF_STEADY):
            reloaded = await running.apply(TEXT + BUYER + more)
            assert reloaded.plan.action("provider:steady") is NodeAction.MOVED
            assert gateway.providers["steady"] is steady
            asked = [ring.event for ring in gateway.graph.providers[0].ingresses]
            before = dict(steady.statistics().by_event)

            def all_come(asked=asked, before=before) -> bool:
                return all(steady.statistics().by_event[event] > before[event] for event in asked)

            await running.until(all_come)
        assert [one.client_order_id for one in gateway.router.engine.open_orders()] == [order.client_order_id]
        held = {one.asset: one.total - one.available for one in steady._paper.balances()}
        assert held["USDT"] > 0, "the venue knows of the order too"
        assert gateway.snapshot().strategies["counter"].fault is None, "no trade was missing or came twice"


async def test_the_first_who_trades_on_a_provider_finds_a_venue_there_and_its_market_goes_on(served):
    buying = RESTING.replace("0.01, 1, {", "0.5, Math.ceil(1.1 * payload.price), {")
    async with served(TEXT, resting=buying) as running:
        gateway = running.gateway
        await running.more_events(500)
        reloaded = await running.apply(TEXT + BUYER)
        assert reloaded.plan.action("provider:steady") is NodeAction.MOVED
        await running.until(lambda: gateway.snapshot().orders.engine.fills)
        await running.more_events(500)
        assert gateway.snapshot().strategies["counter"].fault is None


@pytest.mark.parametrize(
    "after",
    [
        (TEXT + BUYER).replace("steady", "another"),
        # It restarts, and nobody trades there any more.
        TEXT.replace("rate = 2_000/s", "rate = 1_000/s").replace("contiguous", "ordered"),
    ],
)
async def test_orders_on_paper_expire_when_their_provider_goes(served, after):
    async with served(TEXT + BUYER, resting=RESTING) as running:
        gateway = running.gateway
        await running.until(lambda: gateway.snapshot().orders.engine.acknowledged == 1)
        (order,) = gateway.router.engine.open_orders()
        reloaded = await running.apply(after)
        (provider,) = (step for step in reloaded.plan.steps if step.id == "provider:steady")
        assert any("open orders on paper expire" in reason.what for reason in provider.reasons)
        with anyio.fail_after(20):
            while order.client_order_id in {
                one.client_order_id for one in await gateway.orders.open_orders()
            }:
                await anyio.sleep(0.01)
        orders = {one.client_order_id: one.state for one in await gateway.orders.list_orders("buyer")}
        assert orders[order.client_order_id] is OrderState.EXPIRED


async def test_a_reader_that_hangs_keeps_no_reload_from_its_end(served, monkeypatch):
    monkeypatch.setattr(cutover_module, "DRAIN_SECONDS", 0.2)
    monkeypatch.setattr(reload_module, "CATCH_UP_SECONDS", 0.2)
    hanging = RESTING.replace("resting", "hanging").replace("if (!placed)", "for (;;);")
    slow = 'route held via few = steady.trade -> stuck\nstrategy stuck = "hanging"\n'
    few = "pool few { events = 64, on_full = drop_newest }\n"
    async with served(TEXT + few + slow, hanging=hanging) as running:
        gateway = running.gateway
        await running.more_events(500)
        stuck = gateway.strategies["stuck"]
        await running.apply(TEXT)
        await running.until(lambda: stuck.state is InstanceState.STOPPED)
        await running.more_events(500)
    assert gateway.snapshot().strategies["counter"].fault is None


async def test_what_another_gateway_left_of_an_instance_is_known_when_it_is_added(served, monkeypatch):
    # What an account on paper holds is nobody else's business: this one lives on at its venue.
    monkeypatch.setattr(PaperTrading, "on_paper", False)
    buying = RESTING.replace("0.01, 1, {", "0.5, Math.ceil(1.1 * payload.price), {")
    before = TEXT
    with_buyer = before + BUYER
    async with served(before, resting=buying) as running:
        async with served(
            with_buyer.replace("pipeline desk", "pipeline other").replace("counter", "other")
        ) as (elsewhere):
            other = elsewhere.gateway
            await elsewhere.until(lambda: other.snapshot().orders.engine.fills)
            other.router.halt("buyer", "by hand")
        await running.apply(with_buyer)
        accounts = running.gateway.router.engine.accounts
        assert accounts.is_halted("buyer")
        (held,) = accounts.positions()
        assert (held.instance, held.net) == ("buyer", Decimal("0.5"))
        # Taken out and in again, nothing is counted twice.
        await running.apply(before)
        await running.apply(with_buyer)
        assert [position.net for position in accounts.positions()] == [Decimal("0.5")]
        assert accounts.is_halted("buyer")
