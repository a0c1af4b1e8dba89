"""The API describes itself as it is."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

pytestmark = pytest.mark.anyio

EXAMPLES = {
    "/healthz": "/healthz",
    "/readyz": "/readyz",
    "/pipeline": "/pipeline",
    "/graph": "/graph?format=json",
    "/providers": "/providers",
    "/providers/{name}": "/providers/paper",
    "/strategy/instances": "/strategy/instances",
    "/strategy/instances/{id}": "/strategy/instances/trader",
    "/strategy/instances/{id}/orders": "/strategy/instances/trader/orders",
    "/strategy/instances/{id}/executions": "/strategy/instances/trader/executions",
    "/risk/limits": "/risk/limits",
    "/metrics": "/metrics",
}
"""One request for each path."""


async def test_every_path_is_described_and_answers(api: Any) -> None:
    described = await api.json("/openapi.json")
    assert {path for path, own in described["paths"].items() if "get" in own} == set(EXAMPLES)
    for example in EXAMPLES.values():
        assert (await api.get(example)).status_code == 200


async def test_every_answer_is_as_described(api: Any) -> None:
    described = await api.json("/openapi.json")
    for path, example in EXAMPLES.items():
        content = described["paths"][path]["get"]["responses"]["200"]["content"]
        schema = content.get("application/json", {}).get("schema")
        if schema:
            Draft202012Validator({**schema, "components": described["components"]}).validate(
                await api.json(example)
            )


async def test_errors_are_as_described(api: Any) -> None:
    described = await api.json("/openapi.json")
    for path, operations in described["paths"].items():
        if "get" not in operations:
            continue
        schema = operations["get"]["responses"]["default"]["content"]["application/json"]["schema"]
        answer = (await api.get(EXAMPLES[path].partition("?")[0] + "?nonsense=1")).json()
        Draft202012Validator({**schema, "components": described["components"]}).validate(answer)
        assert answer["error"].startswith("there is no parameter `nonsense`")
