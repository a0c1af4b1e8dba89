"""The gateway that an application speaks for, as endpoints ask for it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, FastAPI, Request

from meltica_compiler.graph.graph import StrategyNode
from meltica_compiler.passes.options import CompileOptions
from meltica_runtime.api.errors import not_found
from meltica_runtime.topology.gateway import Gateway


def attach_gateway(app: FastAPI, gateway: Gateway, options: CompileOptions) -> None:
    """`options` are those that the gateway's own file was compiled with."""
    app.state.gateway = gateway
    app.state.compile_options = options


def compile_options_of(request: Request) -> CompileOptions:
    options = request.app.state.compile_options
    assert isinstance(options, CompileOptions)
    return options


async def gateway_of(request: Request) -> Gateway:
    gateway = request.app.state.gateway
    assert isinstance(gateway, Gateway)
    return gateway


GatewayDep = Annotated[Gateway, Depends(gateway_of)]


async def instance_of(id: str, gateway: GatewayDep) -> StrategyNode:
    """The strategy instance that the path names; 404 where there is none."""
    for node in gateway.graph.strategies:
        if node.name == id:
            return node
    raise not_found("strategy instance", id, (node.name for node in gateway.graph.strategies))


InstanceDep = Annotated[StrategyNode, Depends(instance_of)]
