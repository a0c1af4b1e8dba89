"""Ctrl-C and TERM, from the first moment on: in order if there is a gateway, at once if there is none yet."""

from __future__ import annotations

import math
import signal
from collections.abc import Callable

import anyio
from anyio.abc import TaskStatus

from meltica_runtime.clock import monotonic_s

SAME_REQUEST_SECONDS = 0.5
"""Signals this close together are one request: a group gets TERM, and its `make` passes it on once more."""


class SignalHandling:
    """`scope` holds all that runs. Until `arm`, a signal cancels it, and what has started so far is taken
    down again. After it, the first signal stops in order; a second one cancels, for whoever cannot wait."""

    def __init__(self) -> None:
        self.scope = anyio.CancelScope()
        self._stop: Callable[[], None] = self.scope.cancel

    def arm(self, stop: Callable[[], None]) -> None:
        """From now on a signal calls `stop`."""
        self._stop = stop

    async def watch(self, *, task_status: TaskStatus[None]) -> None:
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            task_status.started()
            asked = -math.inf
            async for _ in signals:
                if monotonic_s() - asked < SAME_REQUEST_SECONDS:
                    continue
                asked = monotonic_s()
                self._stop()
                self._stop = self.scope.cancel
