"""Checks of stages that need no event: parameters, and the names in stages that no route uses.

A stage has no event type of its own. What a route uses is typed there; the rest is at least read.
"""

from __future__ import annotations

from collections.abc import Iterator

from meltica_dsl import syntax
from meltica_dsl.diagnostics.diagnostic import Diagnostic
from meltica_dsl.model.fields import EVENTS, SIDES
from meltica_dsl.resolve.constants import Constants
from meltica_dsl.resolve.scope import DeclKind, Names, declared_twice
from meltica_dsl.resolve.stages import STAGE_WORDS
from meltica_dsl.resolve.suggestions import did_you_mean, misspelling_fixes
from meltica_dsl.syntax.walk import amount_of, references

_FIELDS = tuple(dict.fromkeys(field.name for event in EVENTS for field in event.fields if not field.hidden))


def check_stages(file: syntax.File, constants: Constants) -> None:
    used = _used(file, constants.names)
    for stage in constants.names.stages.values():
        _check_name(stage, constants)
        _check_parameters(stage, constants)
        if stage.name.text not in used:
            _check_names(stage, constants)


def _used(file: syntax.File, names: Names) -> set[str]:
    """Names of the stages that routes use, also from inside other stages."""
    used: set[str] = set()
    waiting = [call for d in file.declarations if isinstance(d, syntax.RouteDecl) for call in d.calls]
    while waiting:
        call = waiting.pop()
        if isinstance(call, syntax.NamedStage) and call.name.text not in used:
            used.add(call.name.text)
            stage = names.stages.get(call.name.text)
            waiting.extend(stage.calls if stage else ())
    return used


def _check_name(stage: syntax.StageDecl, constants: Constants) -> None:
    name = stage.name
    if name.text in STAGE_WORDS:
        message = f"`{name.text}` is a stage of the language"
        hint = ("give this one another name",)
        constants.diagnostics.add(Diagnostic("E0202", message, name.span, help=hint))


def _check_parameters(stage: syntax.StageDecl, constants: Constants) -> None:
    seen: dict[str, syntax.Name] = {}
    for parameter in stage.parameters:
        if parameter.text in seen:
            constants.diagnostics.add(declared_twice("a parameter", seen[parameter.text], parameter))
        seen.setdefault(parameter.text, parameter)


def _check_names(stage: syntax.StageDecl, constants: Constants) -> None:
    names = constants.names
    known = {parameter.text for parameter in stage.parameters}
    known.update(_FIELDS, SIDES, names.lets, names.all(DeclKind.PROVIDER))
    candidates = [*(p.text for p in stage.parameters), *_FIELDS, *names.lets]
    for call in stage.calls:
        for expr in _expressions(call):
            for reference in references(expr):
                if reference.name not in known and not names.is_unreadable(reference.name):
                    constants.diagnostics.add(_unknown(reference, candidates))


def _expressions(call: syntax.StageCall) -> Iterator[syntax.Expr]:
    match call:
        case syntax.WhereStage():
            yield call.condition
        case syntax.NamedStage():
            yield from call.arguments
        case syntax.MergeStage():
            return
        case _:
            yield amount_of(call)


def _unknown(reference: syntax.Reference, candidates: list[str]) -> Diagnostic:
    return Diagnostic(
        "E0204",
        f"no event has a field `{reference.name}`",
        reference.span,
        "not a field, a parameter or a constant",
        help=did_you_mean(reference.name, candidates),
        fixes=misspelling_fixes(reference.name, reference.span, candidates),
    )
