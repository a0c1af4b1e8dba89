"""The limits that hold for every order of a gateway, whichever strategy places it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from meltica_dsl.model.pipeline import CircuitBreaker, KillSwitch, Risk
from meltica_runtime.orders.limits import unlimited

Limit = TypeVar("Limit")


def aggregate_limits(risks: Sequence[Risk]) -> Risk:
    """Of each limit the widest; none where one of `risks` has none, or where there are no `risks`.

    A notional counts as limited only if all limits are in the same currency.
    """
    if not risks:
        return unlimited("all")
    first = risks[0]
    currencies = {risk.notional_currency for risk in risks}
    notional = _widest([risk.max_notional for risk in risks], max) if len(currencies) == 1 else None
    types = [risk.order_types for risk in risks]
    return Risk(
        name="all",
        max_position=_widest([risk.max_position for risk in risks], max),
        max_notional=notional,
        notional_currency=first.notional_currency if len(currencies) == 1 else None,
        order_throttle=_widest(
            [risk.order_throttle for risk in risks], lambda all_: max(all_, key=lambda one: one.per_second)
        ),
        symbol_throttle=_widest(
            [risk.symbol_throttle for risk in risks], lambda all_: max(all_, key=lambda one: one.per_second)
        ),
        order_burst=max(risk.order_burst for risk in risks),
        max_open_orders=_widest([risk.max_open_orders for risk in risks], max),
        price_band=_widest([risk.price_band for risk in risks], max),
        order_types=tuple(dict.fromkeys(one for some in types for one in some)) if all(types) else (),
        kill_switch=_widest(
            [risk.kill_switch for risk in risks], lambda all_: KillSwitch(max(one.after for one in all_))
        ),
        circuit_breaker=_widest([risk.circuit_breaker for risk in risks], _laxest_breaker),
        span=first.span,
        name_span=first.name_span,
    )


def _widest(limits: Sequence[Limit | None], choose: Callable[[Sequence[Limit]], Limit]) -> Limit | None:
    known = [limit for limit in limits if limit is not None]
    return choose(known) if len(known) == len(limits) else None


def _laxest_breaker(breakers: Sequence[CircuitBreaker]) -> CircuitBreaker:
    """Opens as late and closes as early as any of them."""
    return CircuitBreaker(
        max(breaker.threshold for breaker in breakers), min(breaker.cooldown for breaker in breakers)
    )
