"""Sinks: the kind exists in this build, and its settings fit."""

from __future__ import annotations

import re

from msgspec.structs import replace

from meltica_compiler.adapters.setting_schema import read_settings
from meltica_compiler.adapters.sinks import LATER_SINK_KINDS, PATH_PLACEHOLDERS, SINK_KINDS
from meltica_compiler.graph.graph import SettingValue
from meltica_compiler.passes.compile_state import CompileState, warning
from meltica_dsl.diagnostics.diagnostic import Diagnostic, Edit, Fix
from meltica_dsl.model.pipeline import Sink
from meltica_dsl.text.suggest import nearest

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}|[{}]")


def resolve_sinks(state: CompileState) -> CompileState:
    """Finds each sink's kind and reads its settings.

    >>> say(resolve_sinks(state_of('sink s = parket {}  sink t = parquet { path = "{day}.parquet" }')))
    E0411 there is no kind of sink called `parket`
      help: did you mean `parquet`?
    E0413 `{day}` is nothing that a path can hold
      help: it can hold `{date}`, `{event}`, `{provider}`, `{symbol}`
    """
    settings: dict[str, dict[str, SettingValue]] = {}
    found: list[Diagnostic] = []
    for sink in state.pipeline.sinks:
        spec = SINK_KINDS.get(sink.kind)
        if spec is None:
            found.append(_unknown_kind(sink))
            continue
        read = read_settings(
            spec.settings,
            sink.settings,
            sink.invalid_keys,
            owner=f"a sink of kind `{spec.kind}`",
            place=sink.name_span,
        )
        settings[sink.name] = read.values
        found += (*read.diagnostics, *_path_faults(sink), *_later(sink))
    return replace(state, sink_settings=settings).report(*found)


def _later(sink: Sink) -> list[Diagnostic]:
    if sink.kind not in LATER_SINK_KINDS:
        return []
    kinds = ", ".join(f"`{kind}`" for kind in SINK_KINDS if kind not in LATER_SINK_KINDS)
    message = f"sinks of kind `{sink.kind}` cannot run yet: `meltica run` refuses this file"
    return [warning("E0412", message, sink.kind_span, "not in this build", f"this build runs {kinds}")]


def _unknown_kind(sink: Sink) -> Diagnostic:
    near = nearest(sink.kind, SINK_KINDS)
    listed = ", ".join(f"`{kind}`" for kind in SINK_KINDS)
    return Diagnostic(
        "E0411",
        f"there is no kind of sink called `{sink.kind}`",
        sink.kind_span,
        label="unknown",
        help=(f"did you mean `{near}`?" if near else f"the kinds are {listed}",),
        fixes=(Fix(f"replace by `{near}`", (Edit(sink.kind_span, near),)),) if near else (),
    )


def _path_faults(sink: Sink) -> list[Diagnostic]:
    path = sink.settings.get("path")
    if path is None or not isinstance(path.value, str):
        return []
    listed = ", ".join(f"`{{{name}}}`" for name in PATH_PLACEHOLDERS)
    return [
        Diagnostic(
            "E0413",
            f"`{match[0]}` is nothing that a path can hold",
            path.span,
            label="in this path",
            help=(f"it can hold {listed}",),
        )
        for match in _PLACEHOLDER.finditer(path.value)
        if match[1] not in PATH_PLACEHOLDERS
    ]
