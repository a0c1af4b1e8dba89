"""Tests: their steps typed, in the order of time."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from meltica_dsl import syntax
from meltica_dsl.diagnostics.diagnostic import Diagnostic, Label, Severity
from meltica_dsl.model.fields import EVENT_BY_NAME, EventType
from meltica_dsl.model.pipeline import Pipeline, Provider
from meltica_dsl.model.scenario import (
    Expectation,
    Fault,
    FaultKind,
    GivenEvent,
    Recording,
    Scenario,
    ScenarioStep,
    SkippedScenario,
)
from meltica_dsl.model.values import Duration
from meltica_dsl.resolve.constants import Constants
from meltica_dsl.resolve.expectations import DisabledNode, ExpectationResolver
from meltica_dsl.resolve.given_events import given_values
from meltica_dsl.resolve.literal_values import string_value
from meltica_dsl.resolve.references import find_disabled, one
from meltica_dsl.resolve.routes import unknown_event
from meltica_dsl.resolve.scope import FILE_SCOPE, DeclKind
from meltica_dsl.resolve.suggestions import did_you_mean, misspelling_fixes
from meltica_dsl.resolve.typed import TypedValues
from meltica_dsl.text.source import Span

_ZERO = Duration(0)


def scenarios(
    file: syntax.File, pipeline: Pipeline, constants: Constants
) -> tuple[Scenario | SkippedScenario, ...]:
    """The tests of a file that are valid."""
    titles: dict[str, Span] = {}
    found = []
    for declaration in file.declarations:
        if isinstance(declaration, syntax.TestDecl):
            before = len(constants.diagnostics)
            scenario = _ScenarioResolver(pipeline, constants).scenario(declaration)
            _check_title(scenario, titles, constants)
            if len(constants.diagnostics) == before:
                found.append(scenario)
                _warn_idle(declaration, constants)
    return tuple(found)


def _check_title(scenario: Scenario | SkippedScenario, titles: dict[str, Span], constants: Constants) -> None:
    first = titles.setdefault(scenario.title, scenario.title_span)
    if first is not scenario.title_span:
        constants.diagnostics.add(
            Diagnostic(
                "E0202",
                "two tests have this title",
                scenario.title_span,
                "the second",
                labels=(Label(first, "the first"),),
                help=("say in each what it is about",),
            )
        )


def _warn_idle(declaration: syntax.TestDecl, constants: Constants) -> None:
    if any(isinstance(step, syntax.ExpectStep) for step in declaration.steps):
        return
    constants.diagnostics.add(
        Diagnostic(
            "E1008",
            "this test expects nothing",
            declaration.title.span,
            "always passes",
            help=("add `expect NODE receives …`",),
            severity=Severity.WARNING,
        )
    )


class _Timed(Struct, frozen=True):
    """A step with its time."""

    at: Duration
    span: Span


class _ScenarioResolver:
    """Reads one test."""

    def __init__(self, pipeline: Pipeline, constants: Constants) -> None:
        self._constants = constants
        self._diagnostics = constants.diagnostics
        self._typed = TypedValues(constants.diagnostics, list(constants.names.lets))
        self._providers: Mapping[str, Provider] = {p.name: p for p in pipeline.providers}
        self._disabled_nodes: list[DisabledNode] = []
        self._expectations = ExpectationResolver(constants, self._typed, self._disabled_nodes)
        self._last: _Timed | None = None
        self._faults: dict[tuple[str, FaultKind], Fault] = {}

    def scenario(self, declaration: syntax.TestDecl) -> Scenario | SkippedScenario:
        title = string_value(declaration.title, self._diagnostics) or ""
        steps = [self._step(step) for step in declaration.steps]
        if self._disabled_nodes:
            node, disabled = self._disabled_nodes[0]
            return SkippedScenario(title, node, disabled, declaration.span, declaration.title.span)
        valid = tuple(step for step in steps if step is not None)
        return Scenario(title, _bounded(valid), declaration.span, declaration.title.span)

    def _step(self, step: syntax.TestStep) -> ScenarioStep | None:
        if isinstance(step, syntax.ExpectStep):
            return self._expectations.read(step)
        at = self._time(step.time)
        provider = self._provider(step.provider)
        if isinstance(step, syntax.FaultStep):
            return self._fault(step, at, provider)
        event = EVENT_BY_NAME.get(step.event.text)
        if event is None:
            self._diagnostics.add(unknown_event(step.event))
        elif not event.hot:
            self._diagnostics.add(_not_given(step.event, event))
        elif at is not None:
            return self._event(step, at, provider, event)
        return None

    def _provider(self, reference: syntax.NodeRef) -> str | None:
        """The provider that is there. None if it is switched off, which is noted, or unknown, which is
        reported."""
        name = self._constants.node_name(reference, FILE_SCOPE)
        disabled = None if name is None else find_disabled(name, self._constants, DeclKind.PROVIDER)
        if name is None or disabled is None:
            return None if name is None else one(name, self._constants, DeclKind.PROVIDER)
        self._disabled_nodes.append(DisabledNode(name.text, disabled))
        return None

    def _time(self, expr: syntax.Expr) -> Duration | None:
        """When a step is. It does not come before the steps above it."""
        setting = self._constants.evaluate(expr, FILE_SCOPE)
        at = None if setting is None else self._typed.duration("at", setting, "ms", _ZERO)
        if at is None:
            return None
        if self._last is not None and at < self._last.at:
            self._diagnostics.add(
                Diagnostic(
                    "E1005",
                    "this step comes before the one above it",
                    expr.span,
                    "goes back in time",
                    labels=(Label(self._last.span, "comes later"),),
                    help=("put the steps in the order of their times",),
                )
            )
        self._last = _Timed(at, expr.span)
        return at

    def _event(
        self,
        step: syntax.EventStep | syntax.RecordingStep,
        at: Duration,
        provider: str | None,
        event: EventType,
    ) -> GivenEvent | Recording | None:
        if isinstance(step, syntax.RecordingStep):
            path = string_value(step.path, self._diagnostics)
            if path is None or provider is None:
                return None
            return Recording(at, provider, event, path, step.event.span, step.span)
        known = None if provider is None else self._providers.get(provider)
        values = given_values(step, event, known, self._constants)
        if values is None or provider is None:
            return None
        return GivenEvent(at, provider, event, values, step.event.span, step.span)

    def _fault(self, step: syntax.FaultStep, at: Duration | None, provider: str | None) -> Fault | None:
        kinds = {kind.value: kind for kind in FaultKind}
        kind = kinds.get(step.fault.text)
        if kind is None:
            self._diagnostics.add(_unknown_fault(step.fault, list(kinds)))
        if kind is None or at is None or provider is None:
            return None
        fault = Fault(at, provider, kind, step.span)
        self._check_state(fault, step.fault)
        return fault

    def _check_state(self, fault: Fault, name: syntax.Name) -> None:
        """A fault begins once before it ends."""
        key = (fault.provider, fault.kind.ends or fault.kind)
        running = self._faults.get(key)
        if fault.kind.ends is not None and running is None:
            message = f"`{fault.provider}` cannot do this: it never {key[1].value} before"
            help_text = f"begin with `at … {fault.provider} {key[1].value}`"
            self._diagnostics.add(Diagnostic("E1007", message, name.span, help=(help_text,)))
        elif fault.kind.ends is not None:
            del self._faults[key]
        elif running is not None:
            label = Label(running.span, "since here")
            message = f"`{fault.provider}` is in this state already"
            self._diagnostics.add(Diagnostic("E1007", message, name.span, labels=(label,)))
        else:
            self._faults[key] = fault


def _bounded(steps: tuple[ScenarioStep, ...]) -> tuple[ScenarioStep, ...]:
    """Each expectation with the time of the next step behind it: it looks at what was before."""
    bounded: list[ScenarioStep] = []
    upcoming: Duration | None = None
    for step in reversed(steps):
        if isinstance(step, Expectation):
            bounded.append(step if step.until is not None else replace(step, before=upcoming))
        else:
            upcoming = step.at
            bounded.append(step)
    return tuple(reversed(bounded))


def _not_given(name: syntax.Name, event: EventType) -> Diagnostic:
    return Diagnostic(
        "E1006",
        f"a test gives no {event.name} events",
        name.span,
        "comes of itself",
        help=("orders, fills and balances come from what strategies do",),
    )


def _unknown_fault(name: syntax.Name, known: list[str]) -> Diagnostic:
    listed = ", ".join(f"`{kind}`" for kind in known)
    return Diagnostic(
        "E1002",
        f"a provider cannot do `{name.text}`",
        name.span,
        "no fault",
        help=did_you_mean(name.text, known) or (f"faults are {listed}",),
        fixes=misspelling_fixes(name.text, name.span, known),
    )
