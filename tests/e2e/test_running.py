"""A gateway from its start to its end, however it ends: orders are seen, and none is lost."""

from __future__ import annotations

import re
import signal
from decimal import Decimal
from typing import Any

import anyio
import asyncpg
import httpx
import pytest

from meltica_runtime.store.embedded.server import EmbeddedServer

pytestmark = pytest.mark.process

OPEN = {"NEW", "ACKNOWLEDGED", "PARTIALLY_FILLED"}
ENDED = {"FILLED", "CANCELLED", "REJECTED", "EXPIRED"}
PROGRESS = ("NEW", "ACKNOWLEDGED", "PARTIALLY_FILLED")

ORDERS = "SELECT client_order_id, state::text, filled FROM orders"
EXECUTIONS = "SELECT execution_id FROM executions"


@pytest.fixture
def project(embedded_project):
    return embedded_project


@pytest.fixture(scope="module")
def shared_project(shared_embedded_project):
    return shared_embedded_project


def rows(project, statement: str) -> list[Any]:
    """What a stopped gateway left in its database."""

    async def fetch(dsn: str) -> list[Any]:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetch(statement)
        finally:
            await connection.close()

    server = EmbeddedServer.start(project.database)
    try:
        return anyio.run(fetch, server.dsn)
    finally:
        server.stop()


def executions_at(address: str) -> set[str]:
    answer = httpx.get(f"{address}/strategy/instances/maker/executions", params={"limit": 500}, timeout=10)
    return {execution["executionId"] for execution in answer.raise_for_status().json()["executions"]}


def running_with_fills(project, wait_until, orders_of):
    """A gateway that has filled an order and has another open; and its address."""
    gateway = project.run()
    address = gateway.ready()

    def both() -> bool:
        states = {order["state"] for order in orders_of(address)}
        return "FILLED" in states and bool(states & OPEN)

    wait_until(both, 30, "an order is filled and another is open")
    return gateway, address


def assert_kept(project, seen: list[dict[str, Any]], executions: set[str]) -> None:
    """Every order that was seen is in the database, as far as it was or further."""
    kept = {row["client_order_id"]: row for row in rows(project, ORDERS)}
    for order in seen:
        row = kept[order["clientOrderId"]]
        assert row["filled"] >= Decimal(order["metadata"]["filledQuantity"])
        if order["state"] in ENDED:
            assert row["state"].upper() == order["state"]
        else:
            before, after = order["state"], row["state"].upper()
            assert after in ENDED or PROGRESS.index(after) >= PROGRESS.index(before)
    assert executions <= {row["execution_id"] for row in rows(project, EXECUTIONS)}


def test_orders_are_visible_within_ten_seconds_of_the_first_start(project, wait_until, orders_of):
    gateway = project.run()
    address = gateway.ready()
    orders = wait_until(lambda: orders_of(address), 10, "an order is visible")
    assert orders[0]["strategyInstance"] == "maker"
    assert orders[0]["provider"] == "paper"
    assert orders[0]["symbol"] == "BTC-USDT"
    assert gateway.stop(signal.SIGTERM) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_in_order_and_loses_nothing(number, shared_project, wait_until, orders_of):
    gateway, address = running_with_fills(shared_project, wait_until, orders_of)
    executions, seen = executions_at(address), orders_of(address)
    assert gateway.stop(number) == 0, gateway.output
    assert shared_project.processes() == []
    assert "stopped in order" in gateway.output
    assert "kept in the store: every order and fill" in gateway.output
    assert "Traceback" not in gateway.output
    assert_kept(shared_project, seen, executions)
    assert shared_project.processes() == []


def test_a_killed_gateway_loses_nothing_and_its_orders_are_resolved(shared_project, wait_until, orders_of):
    gateway, address = running_with_fills(shared_project, wait_until, orders_of)
    executions, seen = executions_at(address), orders_of(address)
    assert gateway.stop(signal.SIGKILL) == -signal.SIGKILL
    earlier = {order["clientOrderId"] for order in seen}
    assert any("postgres" in line for line in shared_project.processes()), "the database outlives its gateway"

    again = shared_project.run()
    again.ready()
    assert again.stop(signal.SIGTERM) == 0, again.output
    assert shared_project.processes() == [], "the new gateway has taken the database over"
    assert_kept(shared_project, seen, executions)
    states = {row["client_order_id"]: row["state"].upper() for row in rows(shared_project, ORDERS)}
    assert {states[name] for name in earlier} <= ENDED, "a venue on paper has forgotten them"


def test_the_second_start_is_quick(shared_project):
    shared_project.run("--for", "100ms").end()
    gateway = shared_project.run("--events", "1")
    gateway.ready()
    assert gateway.end() == 0
    # 2 s is the aim, on a machine that has nothing else to do; here other tests run beside it.
    assert gateway.says_when("control API at") < 10, gateway.output


def test_two_gateways_do_not_share_a_port_but_a_database(project):
    first = project.run()
    address = first.ready()
    port = address.rpartition(":")[2]
    (project.folder / "config" / "app.yaml").write_text(f"apiServer:\n  addr: 127.0.0.1:{port}\n")
    second = project.process("run", "quickstart.mel")
    assert second.returncode == 3
    assert "something else listens" in second.stderr
    assert httpx.get(f"{address}/healthz", timeout=10).status_code == 200
    assert first.stop(signal.SIGTERM) == 0
    assert project.processes() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_before_it_runs_calls_it_off(number, shared_project, wait_until):
    gateway = shared_project.run()
    wait_until(lambda: any("postgres" in line for line in shared_project.processes()), 30, "Postgres starts")
    assert gateway.stop(number) == 0, gateway.output
    assert "Traceback" not in gateway.output
    assert re.search("called off before it ran|stopped in order", gateway.output)
    assert shared_project.processes() == []


def test_a_second_signal_does_not_wait(shared_project):
    gateway = shared_project.run()
    gateway.ready()
    gateway.process.send_signal(signal.SIGINT)
    gateway.process.send_signal(signal.SIGINT)
    assert gateway.end() == 0, gateway.output
    assert "Traceback" not in gateway.output
    assert shared_project.processes() == []
