"""A plan against what runs, and changing it, through the API."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from meltica_compiler.plan.plan import plan
from meltica_runtime.api.apply import PlanView
from meltica_runtime.api.request_limits import MAX_PIPELINE_BYTES

pytestmark = pytest.mark.anyio

MORE = """
route more via market = paper.trade -> second
strategy second = "watcher"
"""


def request(text: str, **more: str) -> dict[str, Any]:
    return {"file": "desk.mel", "sources": [{"path": "desk.mel", "text": text}], **more}


@pytest.fixture
async def own(serve: Any, migrated_dsn: str) -> Any:
    """A gateway of the test's own, as it will be changed."""
    async with serve(migrated_dsn, TEXT) as one:
        yield one


TEXT = """
pipeline desk { memory = 64MiB }
provider paper { adapter = fake, symbols = [BTC-USDT, ETH-USDT], seed = 7, rate = 2_000/s }
pool market { events = 1_024, on_full = drop_oldest }
route trades via market = paper.trade -> watcher
strategy watcher = "watcher:latest"
"""


async def test_a_plan_shows_what_would_change_and_changes_nothing(own: Any, graph_of: Any) -> None:
    answer = await own.client.post("/pipeline/plan", json=request(TEXT + MORE))
    assert answer.status_code == 200
    expected = plan(own.gateway.graph, graph_of(TEXT + MORE))
    shown = PlanView.model_validate_json(answer.content).plan()
    assert [(s.id, s.action) for s in shown.steps] == [(s.id, s.action) for s in expected.steps]
    assert shown.new_hash == expected.new_hash
    assert (await own.json("/pipeline"))["hash"] == expected.old_hash


async def test_what_was_applied_is_what_every_endpoint_shows(own: Any) -> None:
    before = await own.json("/pipeline")
    assert "second" not in (await own.client.get("/graph?format=dot")).text
    answer = await own.client.put("/pipeline", json=request(TEXT + MORE, against=before["hash"]))
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert document["lost"] == 0
    assert document["sequence"] > 0
    after = await own.json("/pipeline")
    assert after["hash"] == document["plan"]["newHash"] == own.gateway.graph.hash
    assert {node["name"] for node in after["nodes"]} >= {"more", "second"}
    assert len((await own.json("/strategy/instances"))["instances"]) == 2
    assert "second" in (await own.client.get("/graph?format=dot")).text
    assert 'node="second"' in (await own.client.get("/metrics")).text
    async with own.gateway.database.connection() as connection:
        routes = await connection.fetch("SELECT route FROM provider_routes ORDER BY route")
    assert [row["route"] for row in routes] == ["more", "trades"]


async def test_the_answers_are_as_described(own: Any) -> None:
    described = await own.json("/openapi.json")
    hash = own.gateway.graph.hash
    for method, path, body in (
        ("post", "/pipeline/plan", request(TEXT + MORE)),
        ("put", "/pipeline", request(TEXT + MORE, against=hash)),
    ):
        content = described["paths"][path][method]["responses"]["200"]["content"]
        schema = {**content["application/json"]["schema"], "components": described["components"]}
        answer = await own.client.request(method, path, json=body)
        Draft202012Validator(schema).validate(answer.json())


async def test_what_is_imported_is_what_was_sent_along(own: Any, tmp_path: Any) -> None:
    more = {"path": "parts/more.mel", "text": MORE}
    body = request(TEXT + '\nimport "parts/more.mel"\n')
    answer = await own.client.post("/pipeline/plan", json={**body, "sources": [*body["sources"], more]})
    assert answer.status_code == 200, answer.text
    added = [step["name"] for step in answer.json()["steps"] if step["fate"] == "added"]
    assert added == ["more", "second"]
    (tmp_path / "secret.mel").write_text(MORE)
    answer = await own.client.post(
        "/pipeline/plan", json=request(TEXT + f'\nimport "{tmp_path}/secret.mel"\n')
    )
    assert answer.status_code == 422
    # The path is long, and so the lines break where they like.
    assert "it was not sent along" in " ".join(answer.json()["details"]["text"].split())


@pytest.mark.parametrize("body", ["", "{", "[]", "file=x.mel"])
async def test_a_body_that_is_no_object_is_told_what_to_send(own: Any, body: str) -> None:
    answer = await own.client.post("/pipeline/plan", content=body)
    assert answer.status_code == 400
    assert "`Content-Type: application/json`" in answer.json()["error"]


async def test_a_plan_that_is_out_of_date_is_refused(own: Any) -> None:
    answer = await own.client.put("/pipeline", json=request(TEXT + MORE, against="0" * 64))
    assert answer.status_code == 409
    assert answer.json()["error"].startswith("the gateway runs the graph")


async def test_a_pipeline_of_another_name_has_no_plan_and_is_not_applied(own: Any) -> None:
    body = request(TEXT.replace("pipeline desk", "pipeline stall"), against=own.gateway.graph.hash)
    del (asked := dict(body))["against"]
    for answer in (
        await own.client.post("/pipeline/plan", json=asked),
        await own.client.put("/pipeline", json=body),
    ):
        assert answer.status_code == 409
        assert "runs the pipeline `desk`, not `stall`" in answer.text
        assert "start it with `meltica run`" in answer.text


async def test_a_file_that_does_not_compile_comes_back_with_its_mistakes(own: Any) -> None:
    answer = await own.client.post("/pipeline/plan", json=request(TEXT.replace("fake", "fakke")))
    assert answer.status_code == 422
    details = answer.json()["details"]
    assert "did you mean `fake`?" in details["text"]
    assert details["diagnostics"][0]["line"] == 3


async def test_a_new_part_that_fails_is_named(own: Any) -> None:
    throwing = TEXT.replace("trades via", "trades  via").replace('"watcher:latest"', '"thrower"')
    answer = await own.client.put("/pipeline", json=request(throwing, against=own.gateway.graph.hash))
    assert answer.status_code == 422
    assert answer.json()["details"]["node"] == "strategy:watcher"
    assert (await own.json("/pipeline"))["hash"] == own.gateway.graph.hash


@pytest.mark.parametrize(
    ("headers", "content", "status"),
    [
        ({"Host": "evil.example"}, json.dumps(request(TEXT)), 403),
        ({"Content-Type": "text/plain"}, json.dumps(request(TEXT)), 400),
        ({"Content-Type": "application/json"}, "{", 400),
        ({"Content-Type": "application/json"}, json.dumps({"file": "desk.mel", "sources": []}), 400),
        ({"Content-Type": "application/json"}, json.dumps({**request(TEXT), "file": "other.mel"}), 400),
        ({"Content-Type": "application/json"}, json.dumps({**request(TEXT), "force": True}), 400),
        ({"Content-Type": "application/json"}, "x" * (MAX_PIPELINE_BYTES + 1), 413),
    ],
)
async def test_a_wrong_request_is_refused(
    own: Any, headers: dict[str, str], content: str, status: int
) -> None:
    answer = await own.client.post("/pipeline/plan", headers=headers, content=content)
    assert answer.status_code == status
    assert answer.json()["error"]


async def test_a_body_of_unknown_length_is_not_read(own: Any) -> None:
    async def endless() -> Any:
        yield b"{"

    try:
        answer = await own.client.post("/pipeline/plan", content=endless())
    except httpx.WriteError:
        return  # the connection was closed under it, which is as good
    assert answer.status_code == 411
