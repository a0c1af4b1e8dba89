"""`/openapi.json`: the API's description of itself, and what it says of an endpoint's parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import anyio.to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from meltica_runtime.api.models import NoParameters

router = APIRouter(tags=["Description"], include_in_schema=False)

Schema = Mapping[str, Any]


@router.get("/openapi.json")
async def description(request: Request, _: NoParameters) -> Response:
    """The OpenAPI document."""
    return JSONResponse(await openapi_document(request))


async def openapi_document(request: Request) -> dict[str, Any]:
    """The OpenAPI document, which is built once, off the loop."""
    document: dict[str, Any] = await anyio.to_thread.run_sync(request.app.openapi)
    return document


async def query_parameters(request: Request) -> Mapping[str, str]:
    """The query parameters of the endpoint that was asked, and in words what each may be."""
    document = await openapi_document(request)
    operation = document["paths"][request.scope["route"].path][request.method.lower()]
    schemas = document["components"]["schemas"]
    return {
        one["name"]: allowed_values(one["schema"], schemas)
        for one in operation.get("parameters", [])
        if one["in"] == "query"
    }


def allowed_values(schema: Schema, schemas: Schema) -> str:
    """`schemas` are those that a `$ref` names.

    >>> allowed_values({"type": "integer", "minimum": 1, "maximum": 1000}, {})
    'a whole number from 1 to 1000'
    >>> allowed_values({"$ref": "#/components/schemas/Side"}, {"Side": {"enum": ["buy", "sell"]}})
    'one of buy, sell'
    """
    match schema:
        case {"$ref": reference}:
            return allowed_values(schemas[reference.rpartition("/")[2]], schemas)
        case {"anyOf": [first, *_]}:
            return allowed_values(first, schemas)
        case {"type": "array", "items": items}:
            return allowed_values(items, schemas)
        case {"enum": values}:
            return "one of " + ", ".join(str(value) for value in values)
        case {"type": "integer", "minimum": least, "maximum": most}:
            return f"a whole number from {least} to {most}"
        case {"type": "string", "minLength": least, "maxLength": most}:
            return f"{least} to {most} characters, none of them a control character"
        case _:
            raise AssertionError(f"no words for the schema {schema}")
