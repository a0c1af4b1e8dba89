"""`/risk/limits`: what every order has to pass."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from meltica_dsl.model.pipeline import Risk
from meltica_runtime.api.aggregate_limits import aggregate_limits
from meltica_runtime.api.dependencies import GatewayDep
from meltica_runtime.api.errors import ApiError, not_found
from meltica_runtime.api.history import Name
from meltica_runtime.api.models import ApiModel, QueryParameters, json_response
from meltica_runtime.execution.risk_document import limits_document
from meltica_runtime.topology.gateway import Gateway

router = APIRouter(tags=["Risk"])


class LimitsParameters(QueryParameters):
    """`instance`: the limits of this strategy instance alone."""

    instance: Name | None = None


class CircuitBreaker(ApiModel):
    enabled: bool
    threshold: int
    cooldown: str


class RiskConfig(ApiModel):
    """A limit that there is not is 0, a currency that there is not the empty string. `cooldown` is a
    duration such as `1m30s`, `orderThrottle` whole orders a second, rounded up."""

    max_position_size: str
    max_notional_value: str
    notional_currency: str
    order_throttle: int
    order_burst: int
    max_concurrent_orders: int
    price_band_percent: float
    allowed_order_types: list[str]
    kill_switch_enabled: bool
    max_risk_breaches: int
    circuit_breaker: CircuitBreaker


class RiskLimitsResponse(ApiModel):
    limits: RiskConfig


@router.get("/risk/limits", response_model=RiskLimitsResponse)
async def limits(gateway: GatewayDep, parameters: Annotated[LimitsParameters, Query()]) -> Response:
    """The limits that hold now.

    A pipeline gives each strategy limits of its own. With `instance` they are those of that strategy
    instance; without, what every order of the gateway passes at least: of each limit the widest that any
    trading instance has, and 0, no limit, as soon as one of them has none. With one trading instance both
    are the same.
    """
    document = limits_document(
        aggregate_limits(_limits_of_all(gateway))
        if parameters.instance is None
        else _limits_of(gateway, parameters.instance)
    )
    return json_response(RiskLimitsResponse(limits=RiskConfig.model_validate(document)))


def _limits_of_all(gateway: Gateway) -> tuple[Risk, ...]:
    accounts = gateway.router.engine.accounts
    return tuple(accounts.limits(node.name) for node in gateway.graph.strategies if node.trade_on is not None)


def _limits_of(gateway: Gateway, instance: str) -> Risk:
    nodes = {node.name: node for node in gateway.graph.strategies}
    if instance not in nodes:
        raise not_found("strategy instance", instance, nodes)
    if nodes[instance].trade_on is None:
        raise ApiError(404, f"strategy `{instance}` trades nowhere, so that no limits apply to it")
    return gateway.router.engine.accounts.limits(instance)
