"""Random edits under load: nothing is lost or doubled where nothing was touched."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field

import pytest

from meltica_compiler.plan.plan import NodeAction
from meltica_runtime.strategies.instance import InstanceState

pytestmark = pytest.mark.anyio

EDITS = 100
SEEDS = range(1, 21) if os.environ.get("MELTICA_FUZZ") == "long" else (1,)

UNTOUCHED = """
pipeline desk { memory = 512MiB }
provider steady { adapter = fake, seed = 7, rate = 4_000/s, symbols = [BTC-USDT, ETH-USDT] }
pool whole { events = 16_384, on_full = block }
route all via whole = steady.trade -> counter
strategy counter = "contiguous"
"""

SYMBOLS = ("BTC-USDT", "ETH-USDT", "SOL-USDT", "XRP-USDT")
STAGES = {
    "trade": (
        "where price > {n}",
        "where symbol == BTC-USDT",
        "dedupe within {n}s",
        "sample {n}",
        "throttle {n}0/s",
        "merge",
        "kline {n}s",
        "conflate per symbol every {n}0ms",
    ),
    "ticker": ("where bid > {n}", "dedupe within {n}s", "conflate per symbol every {n}0ms"),
    "book": ("depth {n}", "conflate per symbol every {n}0ms", "dedupe within {n}s"),
}

Route = tuple[str, tuple[str, ...], tuple[str, ...], str, tuple[str, ...]]
"""Event, providers, stages, pool, targets."""


@dataclass
class Desk:
    """What is edited. Only what is used is declared, as the compiler wants it."""

    rng: random.Random
    providers: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    pools: dict[str, tuple[int, str]] = field(default_factory=dict)
    routes: dict[str, Route] = field(default_factory=dict)
    chain: tuple[tuple[str, ...], str, tuple[str, ...], tuple[str, ...]] = ((), "", (), ())
    marks: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("p1", "p2"):
            self.edit_provider(name)
        for name in ("small", "large"):
            self.edit_pool(name)
        self.edit_route("r1")

    def edit(self) -> None:
        rng = self.rng
        match rng.randrange(10):
            case 0:
                self.edit_provider(rng.choice(["p1", "p2", "p3"]))
            case 1:
                self.edit_pool(rng.choice(["small", "large"]))
            case 2 if len(self.routes) > 1:
                del self.routes[rng.choice(sorted(self.routes))]
            case 8 | 9:
                self.edit_chain()
            case 3:
                target = rng.choice(["s1", "s2", "k1", "k2"])
                self.marks[target] = rng.randrange(5)
            case 4:
                event, sources, _, pool, targets = self.routes[name := rng.choice(sorted(self.routes))]
                self.routes[name] = (event, sources, self.stages(event), pool, targets)
            case _:
                self.edit_route(rng.choice(["r1", "r2", "r3", "r4"]))

    def edit_provider(self, name: str) -> None:
        symbols = tuple(sorted(self.rng.sample(SYMBOLS, self.rng.randint(1, 3))))
        self.providers[name] = (self.rng.choice([200, 500, 1_000]), symbols)

    def edit_pool(self, name: str) -> None:
        policy = self.rng.choice(["block", "drop_newest", "drop_oldest", "conflate"])
        self.pools[name] = (self.rng.choice([64, 1_024, 32_768]), policy)

    def edit_route(self, name: str) -> None:
        rng = self.rng
        event = rng.choice(["trade", "trade", "ticker", "book"])
        # The steady provider is asked for nothing else than before, and so has no need to restart.
        known = [*self.providers, *(["steady"] if event == "trade" else [])]
        sources = tuple(sorted(rng.sample(known, rng.randint(1, min(3, len(known))))))
        targets = tuple(sorted(rng.sample(["s1", "s2", "k1", "k2"], rng.randint(1, 3))))
        self.routes[name] = (event, sources, self.stages(event), rng.choice(["small", "large"]), targets)

    def edit_chain(self) -> None:
        """A route that reads others, or none."""
        rng = self.rng
        given = [name for name in self.routes if self.gives(name) == "trade"]
        read = tuple(sorted(rng.sample(given, rng.randint(0, min(2, len(given))))))
        targets = tuple(sorted(rng.sample(["s1", "s2", "k1", "k2"], rng.randint(1, 2))))
        self.chain = (read, rng.choice(["p1", "p2"]), self.stages("trade"), targets)

    def gives(self, route: str) -> str:
        event, _, stages, _, _ = self.routes[route]
        return "kline" if any(stage.startswith("kline") for stage in stages) else event

    def stages(self, event: str) -> tuple[str, ...]:
        chosen = self.rng.sample(STAGES[event], self.rng.randint(0, 2))
        # What makes other events comes last.
        chosen.sort(key=lambda stage: stage.startswith("kline"))
        return tuple(stage.format(n=self.rng.randint(1, 5)) for stage in chosen)

    def text(self) -> str:
        lines = [UNTOUCHED]
        routes = {
            name: route
            for name, route in self.routes.items()
            if "where symbol == BTC-USDT" not in route[2]
            or any("BTC-USDT" in self.listed(s) for s in route[1])
        }
        read, provider, stages, targets = self.chain
        read = tuple(name for name in read if name in routes and self.gives(name) == "trade")
        if read and ("where symbol == BTC-USDT" not in stages or "BTC-USDT" in self.listed(provider)):
            routes["chain"] = ("trade", (provider,), stages, "large", targets)
        else:
            read = ()
        used = {source for route in routes.values() for source in route[1]}
        for name, (rate, symbols) in self.providers.items():
            if name in used:
                listed = ", ".join(symbols)
                lines.append(f"provider {name} {{ adapter = fake, rate = {rate}/s, symbols = [{listed}] }}")
        for name, (size, policy) in self.pools.items():
            if any(pool_of(route) == name for route in routes.values()):
                lines.append(f"pool {name} {{ events = {size}, on_full = {policy} }}")
        if any(pool_of(route) == "roomy" for route in routes.values()):
            lines.append("pool roomy { events = 32_768, on_full = block }")
        for name, route in routes.items():
            event, sources, stages, _, targets = route
            taken = ", ".join(
                [*(read if name == "chain" else ()), *(f"{source}.{event}" for source in sources)]
            )
            steps = "".join(f" | {stage}" for stage in stages)
            lines.append(f"route {name} via {pool_of(route)} = {taken}{steps} -> {', '.join(targets)}")
        for target in sorted({target for route in routes.values() for target in route[4]}):
            mark = self.marks.get(target, 0)
            if target.startswith("s"):
                lines.append(f'strategy {target} = "ordered" {{ config {{ mark = {mark} }} }}')
            else:
                lines.append(f"sink {target} = log {{ level = debug, limit = {mark + 1}/s }}")
        return "\n".join(lines)

    def listed(self, provider: str) -> tuple[str, ...]:
        return SYMBOLS[:2] if provider == "steady" else self.providers[provider][1]


def pool_of(route: Route) -> str:
    """What holds many events back lets go of them at once."""
    return "roomy" if {"merge", "kline"} & {stage.split()[0] for stage in route[2]} else route[3]


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", SEEDS)
async def test_a_hundred_edits_lose_and_double_nothing_on_an_untouched_route(served, seed):
    desk = Desk(random.Random(seed))
    actions, chained = set(), set()
    async with served(desk.text()) as running:
        gateway = running.gateway
        await running.more_events(500)
        for _ in range(EDITS):
            desk.edit()
            reloaded = await running.apply(desk.text())
            actions |= {(step.kind, step.action) for step in reloaded.plan.steps}
            chained |= {step.action for step in reloaded.plan.steps if step.id == "route:chain"}
            assert reloaded.plan.action("strategy:counter") is NodeAction.KEPT
            assert gateway.graph.hash == reloaded.plan.new_hash
            assert set(gateway.snapshot().edges) == {edge.id for edge in gateway.graph.all_edges}
            await running.more_events(50)
        before = gateway.snapshot().strategies["counter"].events
        await running.until(lambda: gateway.snapshot().strategies["counter"].events > before + 1_000)
    now = gateway.snapshot()
    for name, strategy in now.strategies.items():
        assert strategy.fault is None, f"{name}: {strategy.fault}"
        assert (strategy.state, strategy.restarts) == (InstanceState.STOPPED, 0)
    edge = now.edges["edge:all->counter"]
    assert (edge.dropped, edge.conflated, edge.waiting) == (0, 0, 0)
    assert edge.consumed == now.providers["steady"].by_event["trade"] == now.strategies["counter"].events
    assert {("provider", action) for action in NodeAction} <= actions
    assert {("route", action) for action in NodeAction} <= actions
    assert {NodeAction.ADDED, NodeAction.MOVED, NodeAction.REMOVED} <= chained
    assert {
        ("strategy", NodeAction.RESTARTED),
        ("strategy", NodeAction.KEPT),
        ("sink", NodeAction.ADDED),
    } <= actions
