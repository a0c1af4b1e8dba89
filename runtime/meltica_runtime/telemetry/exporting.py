"""Metrics on their way to a collector, for as long as a gateway runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from meltica_runtime.config_schema import TelemetryConfig
from meltica_runtime.gateway.gateway import Gateway


@asynccontextmanager
async def exporting(gateway: Gateway, config: TelemetryConfig) -> AsyncIterator[None]:
    """Sends the gateway's metrics where the config says, if it says so."""
    yield
