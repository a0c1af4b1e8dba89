"""Flow: every route leads somewhere, none stands still, and none loses what must not be lost."""

from __future__ import annotations

from meltica_compiler.analyses.buffering import max_buffered
from meltica_compiler.analyses.depth import kept_depth, route_depth
from meltica_compiler.graph.dag import follow, in_order
from meltica_compiler.passes.compile_state import CompileState, event_of, route_reads
from meltica_dsl.diagnostics.diagnostic import Diagnostic, Label
from meltica_dsl.model.pipeline import FullPolicy, Pool, Route


def check_arrows(state: CompileState) -> CompileState:
    """Every route has a target, or is read by another.

    >>> say(check_arrows(state_of('''
    ... provider paper { adapter = fake, symbols = [BTC-USDT] }
    ... pool ram { events = 8, on_full = block }
    ... route r via ram = paper.trade
    ... ''')))
    E0607 route `r` leads nowhere
      help: end it with an arrow to a strategy or a sink, such as `-> tape`
    """
    read = {source.route for route in state.pipeline.routes for source in route.routes}
    return state.report(
        *(
            Diagnostic(
                "E0607",
                f"route `{route.name}` leads nowhere",
                route.name_span,
                label="has no target, and no route reads it",
                help=("end it with an arrow to a strategy or a sink, such as `-> tape`",),
            )
            for route in state.pipeline.routes
            if not route.targets and route.name not in read
        )
    )


def check_durable(state: CompileState) -> CompileState:
    """A durable route flows through a pool that loses nothing.

    >>> say(check_durable(state_of('''
    ... provider paper { adapter = fake, symbols = [BTC-USDT] }
    ... pool ram { events = 8, on_full = drop_oldest }
    ... route r via ram durable = paper.trade -> tape
    ... sink tape = log {}
    ... ''')))
    E0608 durable route `r` goes through pool `ram`, which loses events
      help: send it via a pool with `on_full = block`, or leave `durable` out
    """
    pools = {pool.name: pool for pool in state.pipeline.pools}
    routes = {route.name: route for route in state.pipeline.routes}
    reads = route_reads(state.pipeline)
    found: list[Diagnostic] = []
    for durable in state.pipeline.routes:
        behind = sorted(follow([durable.name], reads)) if durable.durable else ()
        for route in (routes[name] for name in behind):
            # A pool that is refused itself is not there to be judged.
            pool = pools.get(route.pool)
            if pool is not None and pool.on_full is not FullPolicy.BLOCK:
                found.append(_loses(durable, route, pool))
    return state.report(*found)


def _loses(durable: Route, route: Route, pool: Pool) -> Diagnostic:
    """`route` is the durable one itself, or stands behind it."""
    what = f"durable route `{durable.name}`"
    path = "goes" if route is durable else f"reads `{route.name}`, which goes"
    labels = () if route is durable else (Label(durable.name_span, "durable"),)
    return Diagnostic(
        "E0608",
        f"{what} {path} through pool `{pool.name}`, which loses events",
        route.pool_span,
        label=f"`{pool.on_full.value}` when it is full",
        labels=(Label(pool.name_span, "the pool is declared here"), *labels),
        help=("send it via a pool with `on_full = block`, or leave `durable` out",),
    )


def check_depths(state: CompileState) -> CompileState:
    """No route keeps more levels of a book than the routes that it reads give.

    >>> check_depths(state_of('provider paper { adapter = fake, symbols = [BTC-USDT] }')).diagnostics
    ()
    """
    routes = {route.name: route for route in state.pipeline.routes}
    depths: dict[str, int] = {}
    found: list[Diagnostic] = []
    for name in in_order(route_reads(state.pipeline)):
        route = routes[name]
        read = [depths[source.route] for source in route.routes]
        depths[name] = route_depth(event_of(route).name, route.stages, read)
        kept = kept_depth(route.stages)
        found += [
            Diagnostic(
                "E0610",
                f"route `{name}` keeps {kept} levels of books that have {depths[source.route]}",
                source.span,
                label=f"gives {depths[source.route]} levels a side",
                help=(f"write `depth {kept}` or more in route `{source.route}`",),
            )
            for source in route.routes
            if kept is not None and kept > depths[source.route]
        ]
    return state.report(*found)


def check_flush_room(state: CompileState) -> CompileState:
    """A stage that holds events may let go of them all at once: a ring that blocks, or leads to another
    route, must have room for them.

    >>> say(check_flush_room(state_of('''
    ... provider paper { adapter = fake, symbols = [BTC-USDT, ETH-USDT] }
    ... pool ram { events = 2, on_full = block }
    ... route r via ram = paper.book | conflate per symbol every 1s -> tape
    ... sink tape = log {}
    ... ''')))
    E0609 route `r` may let go of 2 events at once, and its ring of 2 has no room for them
      help: give pool `ram` at least 3 events
    """
    providers = state.pipeline.providers
    read = {source.route for route in state.pipeline.routes for source in route.routes}
    streams = len({symbol for provider in providers for symbol in provider.symbols}) * len(providers)
    pools = {pool.name: pool for pool in state.pipeline.pools}
    return state.report(
        *(
            Diagnostic(
                "E0609",
                f"route `{route.name}` may let go of {held:,} events at once, and its ring of "
                f"{pool.events:,} has no room for them",
                route.pool_span,
                label=f"too small a pool of policy `{pool.on_full.value}`",
                labels=(Label(pool.name_span, "the pool is declared here"),),
                help=(f"give pool `{pool.name}` at least {held + 1:_} events",),
            )
            for route in state.pipeline.routes
            # A pool that is refused itself is not there to be judged.
            if route.pool in pools
            for pool in (pools[route.pool],)
            for held in (max_buffered(route.stages, streams),)
            if (pool.on_full is FullPolicy.BLOCK or route.name in read) and held and pool.events <= held
        )
    )
