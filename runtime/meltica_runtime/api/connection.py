"""One client's connection: uvicorn's, with a limit on how long a request's head may take to arrive."""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 10.0
"""From the connection, or from a request's first byte, to the end of its head. Without it a client that
sends nothing, or a byte now and then, holds a connection for ever."""


class Connection(H11Protocol):
    """Closes when a head takes too long. Idle connections that had a request are uvicorn's own business."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        is_body_of_an_answered_request = self.conn.our_state is h11.DONE
        if self.conn.their_state is h11.IDLE or is_body_of_an_answered_request:
            self._await_head()
        else:
            self._head_is_here()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_here()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _head_is_here(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
