"""Risk limits."""

from __future__ import annotations

from meltica_dsl import syntax
from meltica_dsl.model.pipeline import CircuitBreaker, KillSwitch, Risk
from meltica_dsl.model.values import Setting
from meltica_dsl.resolve.block import Block
from meltica_dsl.resolve.constants import Constants
from meltica_dsl.resolve.declarations import INSTANT
from meltica_dsl.resolve.instances import Instance

ORDER_TYPES = ("limit", "market")
MAX_COUNT = 1_000_000
"""Of orders, breaches and bursts."""

DEFAULT_ORDER_BURST = 1
"""A throttle without a burst spaces orders evenly."""


def risk(declaration: syntax.RiskDecl, instance: Instance, constants: Constants) -> Risk:
    name = declaration.name
    block = Block(declaration.body, constants, f"risk `{name.text}`", name.span, scope=instance.scope)
    typed = block.typed
    limits = Risk(
        name=instance.name,
        max_position=block.optional("max_position", typed.positive),
        max_notional=block.optional("max_notional", typed.positive),
        notional_currency=block.optional("notional_currency", typed.word),
        order_throttle=block.optional("order_throttle", typed.rate),
        symbol_throttle=block.optional("symbol_throttle", typed.rate),
        order_burst=block.default("order_burst", lambda k, v: _count(block, k, v), DEFAULT_ORDER_BURST),
        max_open_orders=block.optional("max_open_orders", lambda k, v: _count(block, k, v)),
        price_band=block.optional("price_band", typed.ratio),
        order_types=block.default("order_types", lambda k, v: _order_types(block, k, v), ORDER_TYPES),
        kill_switch=block.optional("kill_switch", lambda k, v: _kill_switch(block, k, v)),
        circuit_breaker=block.optional("circuit_breaker", lambda k, v: _circuit_breaker(block, k, v)),
        span=declaration.span,
        name_span=name.span,
    )
    block.finish()
    return limits


def _count(block: Block, key: str, setting: Setting) -> int | None:
    return block.typed.whole(key, setting, 1, MAX_COUNT)


def _order_types(block: Block, key: str, setting: Setting) -> tuple[str, ...] | None:
    return block.typed.items(
        key, setting, lambda k, item: block.typed.one_of(k, item, ORDER_TYPES), "[limit, market]"
    )


def _kill_switch(block: Block, key: str, setting: Setting) -> KillSwitch | None:
    inner = Block.of_setting(block, key, setting, "{ after = 5 }")
    if inner is None:
        return None
    after = inner.required("after", lambda k, v: _count(inner, k, v), "5")
    inner.finish()
    return None if after is None else KillSwitch(after)


def _circuit_breaker(block: Block, key: str, setting: Setting) -> CircuitBreaker | None:
    inner = Block.of_setting(block, key, setting, "{ threshold = 3, cooldown = 30s }")
    if inner is None:
        return None
    threshold = inner.required("threshold", lambda k, v: _count(inner, k, v), "3")
    cooldown = inner.required("cooldown", lambda k, v: inner.typed.duration(k, v, "s", INSTANT), "30s")
    inner.finish()
    return None if threshold is None or cooldown is None else CircuitBreaker(threshold, cooldown)
