"""Every wrong request ends in the contract's `ApiErrorPayload`: one sentence, and details to act on."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import Field, JsonValue
from starlette.exceptions import HTTPException

from meltica_dsl.text.suggest import nearest
from meltica_runtime.api.description import openapi_document, query_parameters
from meltica_runtime.api.models import ApiModel, json_response
from meltica_runtime.environment_fault import EnvironmentFault

MAX_SHOWN_CHARACTERS = 100
"""How much of a wrong value an error repeats."""

_log = logging.getLogger("meltica.api")


class ApiErrorPayload(ApiModel):
    """`error` is a sentence for people; `details` says the same to programs."""

    error: str
    details: dict[str, JsonValue] = Field(default_factory=dict)


class ApiError(Exception):
    """A request that cannot be answered, with the status that says whose mistake it is."""

    def __init__(self, status: int, error: str, details: Mapping[str, JsonValue] | None = None) -> None:
        super().__init__(error)
        self.status = status
        self.payload = ApiErrorPayload(error=error, details=dict(details or {}))


def not_found(kind: str, name: str, known: Iterable[str]) -> ApiError:
    """404 for a name that nothing has, with the nearest that something has."""
    names = sorted(known)
    meant = nearest(name, names)
    hint = f"; did you mean `{meant}`?" if meant else ""
    details: dict[str, JsonValue] = {"name": _shown(name), "known": [*names]}
    return ApiError(404, f"there is no {kind} `{_shown(name)}`{hint}", details)


def add_error_responses(app: FastAPI) -> None:
    """Makes every error of the application a payload."""
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _routing_error)
    app.add_exception_handler(EnvironmentFault, _unavailable)
    app.add_exception_handler(Exception, _internal_error)


async def _api_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return json_response(error.payload, error.status)


async def _validation_error(request: Request, error: Exception) -> Response:
    """400 that names each wrong parameter and what is allowed."""
    assert isinstance(error, RequestValidationError)
    faults: list[JsonValue] = []
    sentences = []
    known = await query_parameters(request)
    names = tuple(known)
    for fault in error.errors():
        name = str(fault["loc"][1]) if len(fault["loc"]) > 1 else str(fault["loc"][0])
        given = fault["input"]
        if fault["loc"] == ("body",) or fault["type"] == "json_invalid":
            sentence = (
                "the body is no JSON object; send one, with the header `Content-Type: application/json`"
            )
            faults.append({"parameter": "body"})
        elif fault["type"] == "extra_forbidden":
            sentence = f"there is no parameter `{_shown(name)}`{_alternatives(name, names)}"
            faults.append({"parameter": _shown(name), "known": [*names]})
        else:
            allowed = known[name] if name in known else str(fault["msg"])
            sentence = f"parameter `{name}` is `{_shown(given)}`; allowed is {allowed}"
            faults.append({"parameter": name, "given": _shown(given), "allowed": allowed})
        sentences.append(sentence)
    payload = ApiErrorPayload(error=" · ".join(sentences), details={"faults": faults})
    return json_response(payload, 400)


def _alternatives(name: str, known: Sequence[str]) -> str:
    if not known:
        return "; this address takes none"
    meant = nearest(name, known)
    return f"; did you mean `{meant}`?" if meant else f"; there are {', '.join(known)}"


async def _routing_error(request: Request, error: Exception) -> Response:
    """404 and 405 of the router."""
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    path = _shown(request.url.path)
    details: dict[str, JsonValue] = {"path": path, "method": request.method}
    if error.status_code == 404:
        paths = list((await openapi_document(request))["paths"])
        meant = nearest(request.url.path, paths)
        hint = f"; did you mean `{meant}`?" if meant else ""
        payload = ApiErrorPayload(
            error=f"there is nothing at `{path}`{hint}", details={**details, "known": [*paths]}
        )
    elif error.status_code == 405:
        allowed = headers.get("Allow", "GET")
        payload = ApiErrorPayload(
            error=f"`{path}` takes no {request.method}, only {allowed}",
            details={**details, "allowed": allowed},
        )
    else:
        payload = ApiErrorPayload(error=str(error.detail), details=details)
    return json_response(payload, error.status_code, headers)


async def _unavailable(_: Request, error: Exception) -> Response:
    """503: what the gateway needs is not there now."""
    assert isinstance(error, EnvironmentFault)
    details: dict[str, JsonValue] = {"place": error.place, "help": error.help}
    return json_response(ApiErrorPayload(error=error.message, details=details), 503)


async def _internal_error(request: Request, error: Exception) -> Response:
    """500. The details go to the log; the caller learns that it was not him."""
    _log.error("%s %s failed: %s: %s", request.method, request.url.path, type(error).__name__, error)
    return json_response(ApiErrorPayload(error="the gateway made a mistake; its log says which"), 500)


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= MAX_SHOWN_CHARACTERS else text[:MAX_SHOWN_CHARACTERS] + "…"
