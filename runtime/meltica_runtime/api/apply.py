"""`POST /pipeline/plan` and `PUT /pipeline`: what another file would change, and changing it.

Only who is on this machine may ask: a change decides what is traded.
"""

from __future__ import annotations

import ipaddress
import json
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from meltica_compiler.graph.graph import Graph
from meltica_compiler.plan.plan import NodeAction, Plan, PlanStep, Reason, plan
from meltica_dsl.diagnostics.render_json import render as render_json
from meltica_dsl.diagnostics.render_text import render as render_text
from meltica_runtime.api.dependencies import GatewayDep, compile_options_of
from meltica_runtime.api.errors import ApiError
from meltica_runtime.api.models import ApiModel, json_response
from meltica_runtime.control.compilation import compile_texts_apart
from meltica_runtime.topology.reload import ReloadFailed, ReloadRefused, check_reloadable

router = APIRouter(tags=["Pipeline"])

MAX_FILES = 1_024
"""Files of one pipeline: itself and what it imports."""

_TEXT_WIDTH = 100

Path = Annotated[str, Field(min_length=1, max_length=4_096)]


class SourceText(ApiModel):
    """One file as it was read; `path` is what messages call it."""

    path: Path
    text: str


class PlanRequest(ApiModel):
    """`file` is the path of the pipeline among the `sources`; the others are what it imports."""

    file: Path
    sources: Annotated[list[SourceText], Field(min_length=1, max_length=MAX_FILES)]


class ApplyRequest(PlanRequest):
    """`against` is the hash of the graph that runs, as the plan says it."""

    against: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ReasonView(ApiModel):
    """With `before` and `after` empty `what` is a whole sentence."""

    what: str
    before: str
    after: str


class StepView(ApiModel):
    """What becomes of one node. `before` and `after` are the `file:line` of its declarations."""

    id: str
    kind: str
    name: str
    fate: NodeAction
    reasons: list[ReasonView]
    before: str
    after: str


class PlanView(ApiModel):
    """The steps are in the order of flow, with those of the nodes that are kept. There are changes exactly
    when the hashes differ."""

    pipeline: str
    old_hash: str
    new_hash: str
    old_bytes: int
    new_bytes: int
    steps: list[StepView]

    @classmethod
    def of(cls, planned: Plan) -> PlanView:
        steps = [
            StepView(
                id=step.id,
                kind=step.kind,
                name=step.name,
                fate=step.action,
                reasons=[ReasonView(what=r.what, before=r.before, after=r.after) for r in step.reasons],
                before=step.before,
                after=step.after,
            )
            for step in planned.steps
        ]
        return cls(
            pipeline=planned.pipeline,
            old_hash=planned.old_hash,
            new_hash=planned.new_hash,
            old_bytes=planned.old_bytes,
            new_bytes=planned.new_bytes,
            steps=steps,
        )

    def plan(self) -> Plan:
        """The plan that this shows."""
        steps = tuple(
            PlanStep(
                step.id,
                step.kind,
                step.name,
                step.fate,
                tuple(Reason(r.what, r.before, r.after) for r in step.reasons),
                step.before,
                step.after,
            )
            for step in self.steps
        )
        return Plan(self.pipeline, self.old_hash, self.new_hash, self.old_bytes, self.new_bytes, steps)


class AppliedView(ApiModel):
    """All events up to `sequence` went the old way, the later ones the new. `lost` events were still on
    their way to a reader that is gone."""

    plan: PlanView
    sequence: int
    lost: int


async def require_local_client(request: Request) -> None:
    """Refuses what comes over a network, and what a web page that calls itself by another name would send."""
    peer = request.client.host if request.client else ""
    if not (_is_loopback(peer) and _is_loopback(request.url.hostname or "")):
        raise ApiError(403, "a pipeline is changed from the machine that it runs on, at 127.0.0.1")


LocalOnly = Depends(require_local_client)


@router.post("/pipeline/plan", response_model=PlanView, dependencies=[LocalOnly])
async def planned(request: Request, gateway: GatewayDep, wanted: PlanRequest) -> Response:
    """What would become of each node if this file took the place of what runs. Nothing is changed.
    409 if it can never take that place."""
    graph = await _compiled(request, wanted)
    try:
        check_reloadable(gateway.graph, graph)
    except ReloadRefused as refused:
        raise _conflict(refused) from refused
    return json_response(PlanView.of(plan(gateway.graph, graph)))


@router.put("/pipeline", response_model=AppliedView, dependencies=[LocalOnly])
async def applied(request: Request, gateway: GatewayDep, wanted: ApplyRequest) -> Response:
    """Puts this file in the place of what runs. The new part is built and started beside the old one; if any
    of it fails, 422, everything is as it was. 409 if what runs is not what the plan was made against."""
    graph = await _compiled(request, wanted)
    try:
        reloaded = await gateway.apply(graph, wanted.against)
    except ReloadRefused as refused:
        raise _conflict(refused) from refused
    except ReloadFailed as failed:
        details = {"node": failed.node, "place": failed.place}
        message = f"nothing was changed, because {failed.node} failed: {failed.message}"
        raise ApiError(422, message, details) from failed
    view = AppliedView(plan=PlanView.of(reloaded.plan), sequence=reloaded.sequence, lost=reloaded.lost)
    return json_response(view)


def _conflict(refused: ReloadRefused) -> ApiError:
    return ApiError(409, f"{refused.message}; {refused.help}")


async def _compiled(request: Request, wanted: PlanRequest) -> Graph:
    """Compiled as the gateway's own file was: with its folder of strategies and its environment."""
    texts = {source.path: source.text for source in wanted.sources}
    if wanted.file not in texts:
        raise ApiError(400, "`file` is none of the `sources`", {"known": [*texts]})
    options = compile_options_of(request)
    compiled = await compile_texts_apart(wanted.file, texts, options)
    if compiled.graph is None:
        shown = render_text(compiled.diagnostics, compiled.sources, color=False, width=_TEXT_WIDTH)
        diagnostics = json.loads(render_json(compiled.diagnostics, compiled.sources))
        raise ApiError(422, "the file does not compile", {"text": shown, "diagnostics": diagnostics})
    return compiled.graph


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
