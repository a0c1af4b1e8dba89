"""Flow: every route leads somewhere, none stands still, and none loses what must not be lost."""

from __future__ import annotations

from meltica_compiler.holding import held_at_most
from meltica_compiler.passes.draft import Draft
from meltica_dsl.diagnostics import Diagnostic, Label
from meltica_dsl.model import FullPolicy


def check_arrows(draft: Draft) -> Draft:
    """Every route has a target.

    >>> say(check_arrows(draft_of('''
    ... provider paper { adapter = fake, symbols = [BTC-USDT] }
    ... pool ram { events = 8, on_full = block }
    ... route r via ram = paper.trade
    ... ''')))
    E0607 route `r` leads nowhere
      help: end it with an arrow to a strategy or a sink, such as `-> tape`
    """
    return draft.report(
        *(
            Diagnostic(
                "E0607",
                f"route `{route.name}` leads nowhere",
                route.name_span,
                label="has no target",
                help=("end it with an arrow to a strategy or a sink, such as `-> tape`",),
            )
            for route in draft.pipeline.routes
            if not route.targets
        )
    )


def check_durable(draft: Draft) -> Draft:
    """A durable route flows through a pool that loses nothing.

    >>> say(check_durable(draft_of('''
    ... provider paper { adapter = fake, symbols = [BTC-USDT] }
    ... pool ram { events = 8, on_full = drop_oldest }
    ... route r via ram durable = paper.trade -> tape
    ... sink tape = log {}
    ... ''')))
    E0608 durable route `r` goes through pool `ram`, which loses events
      help: send it via a pool with `on_full = block`, or leave `durable` out
    """
    pools = {pool.name: pool for pool in draft.pipeline.pools}
    return draft.report(
        *(
            Diagnostic(
                "E0608",
                f"durable route `{route.name}` goes through pool `{route.pool}`, which loses events",
                route.pool_span,
                label=f"`{pool.on_full.value}` when it is full",
                labels=(Label(pool.name_span, "the pool is declared here"),),
                help=("send it via a pool with `on_full = block`, or leave `durable` out",),
            )
            for route in draft.pipeline.routes
            # A pool that is refused itself is not there to be judged.
            if route.pool in pools
            for pool in (pools[route.pool],)
            if route.durable and pool.on_full is not FullPolicy.BLOCK
        )
    )


def check_letting_go(draft: Draft) -> Draft:
    """A stage that holds events may let go of them all at once: a blocking ring must have room for them.

    >>> say(check_letting_go(draft_of('''
    ... provider paper { adapter = fake, symbols = [BTC-USDT, ETH-USDT] }
    ... pool ram { events = 2, on_full = block }
    ... route r via ram = paper.book | conflate per symbol every 1s -> tape
    ... sink tape = log {}
    ... ''')))
    E0609 route `r` may let go of 2 events at once, and its blocking ring of 2 would stand still
      help: give pool `ram` at least 3 events
    """
    providers = draft.pipeline.providers
    streams = len({symbol for provider in providers for symbol in provider.symbols}) * len(providers)
    pools = {pool.name: pool for pool in draft.pipeline.pools}
    return draft.report(
        *(
            Diagnostic(
                "E0609",
                f"route `{route.name}` may let go of {held:,} events at once, and its blocking ring of "
                f"{pool.events:,} would stand still",
                route.pool_span,
                label="has no room for all that its stages may let go at once",
                labels=(Label(pool.name_span, "the pool is declared here"),),
                help=(f"give pool `{pool.name}` at least {held + 1:_} events",),
            )
            for route in draft.pipeline.routes
            # A pool that is refused itself is not there to be judged.
            if route.pool in pools
            for pool in (pools[route.pool],)
            for held in (held_at_most(route.stages, streams),)
            if pool.on_full is FullPolicy.BLOCK and held and pool.events <= held
        )
    )
