"""The API listens where it is told, and leaves when it is told."""

from __future__ import annotations

import signal
import socket
import time
from contextlib import closing

import anyio
import httpx
import pytest
from fastapi import FastAPI

from meltica_runtime.api.server import AddressInUse, AddressUnusable, bind, serve_api

pytestmark = pytest.mark.anyio


def plain_app() -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.get("/now")
    async def now() -> str:
        return "now"

    @app.get("/never")
    async def never() -> None:
        await anyio.sleep_forever()

    return app


def address(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_an_address_in_use_is_named_with_a_way_out() -> None:
    with closing(bind("127.0.0.1", 0)) as first:
        port = first.getsockname()[1]
        with pytest.raises(AddressInUse) as fault:
            bind("127.0.0.1", port)
    assert fault.value.place == f"127.0.0.1:{port}"
    assert "apiServer.addr" in fault.value.help


def test_an_address_of_another_machine_is_refused_in_words() -> None:
    with pytest.raises(AddressUnusable) as fault:
        bind("192.0.2.1", 0)
    assert fault.value.place == "192.0.2.1:0"


def test_a_name_that_means_nothing_is_refused_in_words() -> None:
    with pytest.raises(AddressUnusable) as fault:
        bind("no-such-host.invalid", 8880)
    assert "cannot listen" in fault.value.message


async def test_requests_are_answered_as_soon_as_it_has_started() -> None:
    with bind("127.0.0.1", 0) as listener:
        url = address(listener)
        async with anyio.create_task_group() as tasks:
            await tasks.start(serve_api, plain_app(), listener)
            async with httpx.AsyncClient() as client:
                assert (await client.get(f"{url}/now")).json() == "now"
            tasks.cancel_scope.cancel()


async def test_neither_idle_connections_nor_hanging_requests_hold_up_a_stop() -> None:
    with bind("127.0.0.1", 0) as listener:
        url = address(listener)
        began = 0.0
        async with httpx.AsyncClient() as client, anyio.create_task_group() as requests:
            async with anyio.create_task_group() as tasks:
                await tasks.start(serve_api, plain_app(), listener)
                await client.get(f"{url}/now")
                asked = anyio.Event()

                async def hang() -> None:
                    asked.set()
                    with pytest.raises(httpx.HTTPError):
                        (await client.get(f"{url}/never", timeout=30)).raise_for_status()

                requests.start_soon(hang)
                await asked.wait()
                silent = await anyio.connect_tcp("127.0.0.1", listener.getsockname()[1])
                await client.get(f"{url}/now")
                began = time.monotonic()
                tasks.cancel_scope.cancel()
            assert time.monotonic() - began < 5
            with pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
                await silent.receive()
            await silent.aclose()


async def test_signals_stay_with_the_gateway() -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    with bind("127.0.0.1", 0) as listener:
        async with anyio.create_task_group() as tasks:
            await tasks.start(serve_api, plain_app(), listener)
            assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
            tasks.cancel_scope.cancel()


async def test_the_address_is_free_again_after_a_stop() -> None:
    with bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        async with anyio.create_task_group() as tasks:
            await tasks.start(serve_api, plain_app(), listener)
            tasks.cancel_scope.cancel()
    with closing(bind("127.0.0.1", port)) as again:
        assert again.getsockname()[1] == port
