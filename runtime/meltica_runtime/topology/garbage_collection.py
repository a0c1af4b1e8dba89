"""Keeping the garbage collector off the hot path."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

COLLECT_SECONDS = 5.0
"""How often young garbage is collected. What was there at the start is frozen: to look at it would pause the
hot path for tens of milliseconds and find nothing."""

FULL_COLLECTION_TURNS = 60
"""Every so many turns all that came since the start is looked at, for cycles that grew old."""


@asynccontextmanager
async def quiet_garbage_collector() -> AsyncIterator[None]:
    """Keeps the collector off the hot path: what is alive now is never looked at again, and new garbage is
    collected at fixed times, young generations only."""
    gc.collect()
    gc.freeze()
    gc.disable()

    async def collect() -> None:
        turns = 0
        while True:
            await anyio.sleep(COLLECT_SECONDS)
            turns += 1
            gc.collect(2 if turns % FULL_COLLECTION_TURNS == 0 else 1)

    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(collect)
            yield
            tasks.cancel_scope.cancel()
    finally:
        gc.enable()
        gc.unfreeze()
