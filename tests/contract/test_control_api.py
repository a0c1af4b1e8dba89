"""What the gateway answers has the shapes of the contract."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

KEPT = {
    "/providers": "/providers",
    "/providers/{name}": "/providers/paper",
    "/strategy/instances": "/strategy/instances",
    "/strategy/instances/{id}": "/strategy/instances/maker",
    "/strategy/instances/{id}/orders": "/strategy/instances/maker/orders",
    "/strategy/instances/{id}/executions": "/strategy/instances/maker/executions",
    "/risk/limits": "/risk/limits",
}
"""The paths of the contract that this gateway has so far, and a request for each."""


def validator(contract: dict[str, Any], schema: dict[str, Any]) -> Draft202012Validator:
    """Checks an answer, and refuses members that the contract spells otherwise.

    The contract says twice what `adapter` of a provider's detail is: the name of the provider's list, and
    the adapter's metadata. Nothing can be both; the detail's own word counts.
    """
    components = deepcopy(contract["components"])
    detail = components["schemas"]["ProviderDetail"]["allOf"]
    detail[0] = deepcopy(components["schemas"]["Provider"])
    del detail[0]["properties"]["adapter"]
    return Draft202012Validator({**schema, "components": components})


@pytest.mark.parametrize("path", KEPT)
def test_answers_have_the_shape_of_the_contract(
    contract: dict[str, Any], quickstart: httpx.Client, path: str
) -> None:
    answer = quickstart.get(KEPT[path])
    assert answer.status_code == 200
    schema = contract["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    validator(contract, schema).validate(answer.json())


@pytest.mark.parametrize(
    ("schema", "path", "member"),
    [
        ("Provider", "/providers", "providers"),
        ("InstanceSummary", "/strategy/instances", "instances"),
        ("OrderRecord", "/strategy/instances/maker/orders", "orders"),
        ("ExecutionRecord", "/strategy/instances/maker/executions", "executions"),
    ],
)
def test_records_use_the_names_of_the_contract(
    contract: dict[str, Any], quickstart: httpx.Client, schema: str, path: str, member: str
) -> None:
    known = set(contract["components"]["schemas"][schema]["properties"])
    ours = {"health"}
    for record in quickstart.get(path).json()[member]:
        assert set(record) - known <= ours


@pytest.mark.parametrize("path", KEPT)
def test_parameters_are_those_of_the_contract(
    contract: dict[str, Any], quickstart: httpx.Client, path: str
) -> None:
    own = _query_parameters(quickstart.get("/openapi.json").json()["paths"][path]["get"])
    assert own - {"instance"} == _query_parameters(contract["paths"][path]["get"])


@pytest.mark.parametrize(
    "request_line",
    [
        ("GET", "/nowhere"),
        ("GET", "/strategy/instances/nobody"),
        ("GET", "/strategy/instances/maker/orders?limit=0"),
        ("GET", "/providers?verbose=1"),
        ("DELETE", "/providers/paper"),
    ],
)
def test_errors_have_the_shape_of_the_contract(
    contract: dict[str, Any], quickstart: httpx.Client, request_line: tuple[str, str]
) -> None:
    answer = quickstart.request(*request_line)
    assert answer.status_code >= 400
    validator(contract, contract["components"]["schemas"]["ApiErrorPayload"]).validate(answer.json())


def test_a_repeated_state_is_any_of_them(quickstart: httpx.Client) -> None:
    path = "/strategy/instances/maker/orders"
    both = quickstart.get(path, params={"state": ["FILLED", "ACKNOWLEDGED"], "limit": 1_000}).json()
    assert {order["state"] for order in both["orders"]} <= {"FILLED", "ACKNOWLEDGED"}


def _query_parameters(operation: dict[str, Any]) -> set[str]:
    return {one["name"] for one in operation.get("parameters", []) if one.get("in") == "query"}
