"""Talking to a gateway that runs, through its control API."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic import ValidationError

from meltica_compiler.compile import Compiled
from meltica_compiler.plan.plan import Plan
from meltica_runtime.api.apply import AppliedView, PlanView
from meltica_runtime.cli.output import Output
from meltica_runtime.config.load import load_config
from meltica_runtime.config.project import find_project
from meltica_runtime.environment_fault import EnvironmentFault

ANSWER_SECONDS = 90.0
"""How long an answer may take: longer than the gateway gives itself."""

MAX_ANSWER_BYTES = 64 * 1024 * 1024

_View = TypeVar("_View", PlanView, AppliedView)


class GatewayUnreachable(EnvironmentFault):
    """Nothing answers at the address, or something that is no gateway."""


@dataclass(frozen=True, slots=True)
class RequestRejected(Exception):
    """The gateway answered with an error. `text` is more to read about it, if there is more."""

    status: int
    message: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class GatewayClient:
    """Raises `RequestRejected` and `GatewayUnreachable`."""

    url: str

    def plan(self, compiled: Compiled) -> Plan:
        """What would become of the gateway's nodes. The sources are sent as they were read."""
        answer = self._send("POST", "/pipeline/plan", _sources(compiled))
        return self._read(PlanView, answer).plan()

    def apply(self, compiled: Compiled, against: str) -> tuple[Plan, int, int]:
        """Applies the file to the gateway if its graph has this hash: what happened, the last sequence number
        of the old graph, and how many events were lost."""
        answer = self._send("PUT", "/pipeline", {**_sources(compiled), "against": against})
        view = self._read(AppliedView, answer)
        return view.plan.plan(), view.sequence, view.lost

    def _read(self, kind: type[_View], answer: bytes) -> _View:
        try:
            return kind.model_validate_json(answer)
        except ValidationError as error:
            raise self._unreachable("what answers there is no gateway of this version") from error

    def _send(self, method: str, path: str, body: Mapping[str, object]) -> bytes:
        request = urllib.request.Request(  # noqa: S310 - `client_for` lets http and https through
            self.url + path,
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "Accept": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - the same
                content: bytes = answer.read(MAX_ANSWER_BYTES)
                return content
        except urllib.error.HTTPError as error:
            raise self._rejection(error.code, error.read(MAX_ANSWER_BYTES)) from None
        except urllib.error.URLError as error:
            raise self._unreachable(f"no gateway answers: {_reason(error.reason)}") from error
        except OSError as error:
            raise self._unreachable(f"no gateway answers: {_reason(error)}") from error

    def _rejection(self, status: int, content: bytes) -> RequestRejected | GatewayUnreachable:
        try:
            document = json.loads(content)
            return RequestRejected(status, document["error"], document["details"].get("text", ""))
        except (ValueError, KeyError, TypeError, AttributeError):
            return self._unreachable(f"what answers there is no gateway: status {status}")

    def _unreachable(self, message: str) -> GatewayUnreachable:
        help_text = "start it with `meltica run`, or say where it is: `--api http://127.0.0.1:8880`"
        return GatewayUnreachable(message, place=self.url, help=help_text)


def _reason(error: object) -> str:
    """In the system's words, without its numbers."""
    return (isinstance(error, OSError) and error.strerror) or str(error)


def client_for(file: Path, config: Path | None, api: str | None) -> GatewayClient:
    """A client of the gateway at `api`, or else where the config of the file's project lets it listen.

    Raises `ConfigFault` and `GatewayUnreachable`.
    """
    if api is None:
        project = find_project(file, config)
        server = load_config(project.root, project.config_path).api_server
        api = f"http://{server.host}:{server.port}"
    parts = urlsplit(api if "://" in api else f"http://{api}")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise GatewayUnreachable(
            "the gateway's address is no URL", place=api, help="write it as `http://127.0.0.1:8880`"
        )
    return GatewayClient(f"{parts.scheme}://{parts.netloc}")


def _sources(compiled: Compiled) -> dict[str, object]:
    return {
        "file": compiled.sources[0].path,
        "sources": [{"path": source.path, "text": source.text} for source in compiled.sources],
    }


@contextmanager
def exit_on_rejection(output: Output) -> Iterator[None]:
    """Prints why the gateway rejected a request, and exits."""
    try:
        yield
    except RequestRejected as rejected:
        if rejected.text:
            output.problem(rejected.text.rstrip("\n"))
        output.fail(rejected.message)
