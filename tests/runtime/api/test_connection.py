"""A client that does not get to the point is not waited for."""

from __future__ import annotations

import anyio
import pytest
from fastapi import FastAPI

from meltica_runtime.api import connection
from meltica_runtime.api.server import MAX_HEAD_BYTES, bind, serve_api

pytestmark = pytest.mark.anyio


async def answer_to(*pieces: bytes) -> bytes:
    """What a server says to bytes, until it closes the connection."""
    app = FastAPI(openapi_url=None)

    @app.get("/now")
    async def now() -> str:
        return "now"

    said = b""
    with bind("127.0.0.1", 0) as listener:
        async with anyio.create_task_group() as tasks:
            await tasks.start(serve_api, app, listener)
            async with await anyio.connect_tcp("127.0.0.1", listener.getsockname()[1]) as stream:
                with anyio.fail_after(20):
                    for piece in pieces:
                        await stream.send(piece)
                        if piece.endswith(b"\r\n\r\n"):
                            while not said.endswith(b'"now"'):
                                said += await stream.receive()
                    try:
                        while True:
                            said += await stream.receive()
                    except (anyio.EndOfStream, anyio.BrokenResourceError):
                        pass
            tasks.cancel_scope.cancel()
    return said


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.05)


@pytest.mark.usefixtures("impatient")
async def test_a_client_that_says_nothing_is_left() -> None:
    assert await answer_to() == b""


@pytest.mark.usefixtures("impatient")
async def test_a_head_that_does_not_end_is_not_waited_for() -> None:
    assert await answer_to(b"GET /now HTTP/1.1\r\nHost: x\r\n") == b""


@pytest.mark.usefixtures("impatient")
async def test_the_second_request_of_a_connection_is_not_waited_for_either() -> None:
    said = await answer_to(b"GET /now HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /n")
    assert said.startswith(b"HTTP/1.1 200")


@pytest.mark.usefixtures("impatient")
async def test_a_body_that_trickles_in_after_the_answer_is_not_waited_for() -> None:
    said = await answer_to(b"GET /now HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n", b"abc")
    assert said.startswith(b"HTTP/1.1 200")


async def test_a_head_that_is_too_large_is_refused() -> None:
    said = await answer_to(b"GET /now HTTP/1.1\r\nX: " + b"x" * (2 * MAX_HEAD_BYTES))
    assert said.startswith(b"HTTP/1.1 400")
