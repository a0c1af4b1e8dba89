"""What one request may cost: how much it may send, and how long it may take."""

from __future__ import annotations

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from meltica_runtime.api.errors import ApiErrorPayload
from meltica_runtime.api.models import json_response

MAX_BODY_BYTES = 64 * 1024
"""Largest body of a request that needs none."""

MAX_PIPELINE_BYTES = 8 * 1024 * 1024
"""Largest body that brings a pipeline: ten thousand nodes and what they import."""

REQUEST_SECONDS = 10.0
"""How long an answer may take, sending included: longer than the store's queries, shorter than patience."""

CHANGE_SECONDS = 60.0
"""How long a plan or a change may take: ten thousand nodes are compiled, and strategies started."""

_CHANGES = frozenset({("POST", "/pipeline/plan"), ("PUT", "/pipeline")})


class RequestLimits:
    """Refuses bodies that are too large with 413, bodies of unknown length with 411, and gives up on slow
    requests with 504."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        changes = (scope["method"], scope["path"]) in _CHANGES
        most, seconds = (MAX_PIPELINE_BYTES, CHANGE_SECONDS) if changes else (MAX_BODY_BYTES, REQUEST_SECONDS)
        announced = _announced_bytes(scope)
        if announced is not None and announced > most:
            await _refusal(413, f"a request's body has at most {most} bytes")(scope, receive, send)
            return
        if changes and announced is None:
            await _refusal(411, "a request with a body says how long it is")(scope, receive, send)
            return
        is_answered = False

        async def send_noted(message: Message) -> None:
            nonlocal is_answered
            is_answered = True
            await send(message)

        with anyio.move_on_after(seconds) as limit:
            await self._app(scope, receive, send_noted)
        if limit.cancelled_caught and not is_answered:
            late = _refusal(504, f"there was no answer within {seconds:g} s; try again")
            await late(scope, receive, send)


def _announced_bytes(scope: Scope) -> int | None:
    """The length that the request gives for its body, None if it gives none. A body of unknown length is
    never read here; the server buffers 64 KiB of it and closes the connection."""
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    return int(lengths[0]) if lengths else None


def _refusal(status: int, error: str) -> ASGIApp:
    return json_response(ApiErrorPayload(error=error), status)
