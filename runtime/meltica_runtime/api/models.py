"""What requests and responses are made of: names in camelCase, members without a value left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

JSON = "application/json"


class ApiModel(BaseModel):
    """A part of a response. Built by our own code from typed values."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, frozen=True, extra="forbid"
    )


class QueryParameters(BaseModel):
    """The query parameters of a request: those named, and no others."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=False, validate_by_alias=True, frozen=True, extra="forbid"
    )


NoParameters = Annotated[QueryParameters, Query()]
"""Of an endpoint that takes none."""


def json_response(body: ApiModel, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """The body as it is sent. Given to FastAPI as a whole, it is not validated and built a second time."""
    text = body.model_dump_json(by_alias=True, exclude_none=True)
    return Response(text, status, headers={"Cache-Control": "no-store", **(headers or {})}, media_type=JSON)
