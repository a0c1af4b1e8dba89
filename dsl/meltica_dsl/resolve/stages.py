"""Stages of a route: typed for the event they get, named ones replaced by what they stand for."""

from __future__ import annotations

from meltica_dsl import syntax
from meltica_dsl.diagnostics.diagnostic import Diagnostic, Label
from meltica_dsl.model.fields import MAX_BOOK_DEPTH, EventType
from meltica_dsl.model.pipeline import (
    Conflate,
    Dedupe,
    Depth,
    Kline,
    Merge,
    Sample,
    Stage,
    Throttle,
    Where,
    event_after,
)
from meltica_dsl.resolve.constants import Constants
from meltica_dsl.resolve.declarations import INSTANT
from meltica_dsl.resolve.scope import Argument, DeclKind, Scope
from meltica_dsl.resolve.suggestions import did_you_mean, misspelling_fixes
from meltica_dsl.resolve.typed import TypedValues
from meltica_dsl.text.source import Span

MAX_STAGES = 500
"""Of one route, named ones replaced. More than a page of them is a mistake in a stage that doubles."""

MAX_EXPANSION = 32
"""Named stages inside each other."""

MAX_SAMPLE = 1_000_000_000

STAGE_WORDS = ("where", "dedupe", "sample", "conflate", "depth", "throttle", "kline", "merge")


class StageExpander:
    """Expands the stages of one route."""

    def __init__(self, constants: Constants, event: EventType) -> None:
        self._constants = constants
        self._diagnostics = constants.diagnostics
        self._typed = TypedValues(constants.diagnostics, list(constants.names.lets))
        self._event = event
        self._stages: list[Stage] = []
        self._open: list[str] = []
        self._is_full = False

    def expand(self, calls: tuple[syntax.StageCall, ...], scope: Scope) -> tuple[Stage, ...]:
        """The stages; those that are invalid are reported and left out."""
        self._expand(calls, scope)
        return tuple(self._stages)

    def _expand(self, calls: tuple[syntax.StageCall, ...], scope: Scope) -> None:
        for call in calls:
            if self._is_full:
                return
            if len(self._stages) == MAX_STAGES:
                self._is_full = True
                message = f"this route has more than {MAX_STAGES} stages"
                self._diagnostics.add(Diagnostic("E0217", message, call.span))
                return
            if isinstance(call, syntax.NamedStage):
                self._expand_named(call, scope)
                continue
            stage = self._stage(call, scope)
            if stage is not None:
                self._stages.append(stage)
                self._event = event_after(self._event, (stage,))

    def _stage(  # noqa: PLR0911 - one return for each kind
        self, call: syntax.StageCall, scope: Scope
    ) -> Stage | None:
        match call:
            case syntax.WhereStage():
                condition = self._constants.type_checker(self._event).condition(call.condition, scope)
                return None if condition is None else Where(condition, call.span)
            case syntax.DedupeStage():
                within = self._constants.evaluate(call.within, scope)
                window = None if within is None else self._typed.duration("within", within, "s", INSTANT)
                return None if window is None else Dedupe(window, call.span)
            case syntax.SampleStage():
                every = self._whole("sample", call.every, scope, MAX_SAMPLE)
                return None if every is None else Sample(every, call.span)
            case syntax.ConflateStage():
                return self._conflate(call, scope)
            case syntax.DepthStage():
                return self._depth(call, scope)
            case syntax.ThrottleStage():
                return self._throttle(call, scope)
            case syntax.KlineStage():
                return self._kline(call, scope)
            case syntax.MergeStage():
                return self._merge(call)
            case syntax.NamedStage():
                raise AssertionError("named stages are expanded")

    def _whole(self, key: str, expr: syntax.Expr, scope: Scope, most: int) -> int | None:
        setting = self._constants.evaluate(expr, scope)
        return None if setting is None else self._typed.whole(key, setting, 1, most)

    def _conflate(self, call: syntax.ConflateStage, scope: Scope) -> Stage | None:
        every = self._constants.evaluate(call.every, scope)
        period = None if every is None else self._typed.duration("every", every, "ms", INSTANT)
        if call.per.text != "symbol":
            message = f"events are conflated per symbol, not per `{call.per.text}`"
            self._diagnostics.add(Diagnostic("E0207", message, call.per.span, help=("write `per symbol`",)))
            return None
        if self._event.field("symbol") is None:
            message = f"{self._event.name} events have no symbol to conflate by"
            self._diagnostics.add(Diagnostic("E0207", message, call.span))
            return None
        return None if period is None else Conflate(period, call.span)

    def _depth(self, call: syntax.DepthStage, scope: Scope) -> Stage | None:
        levels = self._whole("depth", call.levels, scope, MAX_BOOK_DEPTH)
        if self._event.name != "book":
            message = f"`depth` takes book events, not {self._event.name} events"
            self._diagnostics.add(Diagnostic("E0207", message, call.span, f"gets {self._event.name} events"))
            return None
        return None if levels is None else Depth(levels, call.span)

    def _throttle(self, call: syntax.ThrottleStage, scope: Scope) -> Stage | None:
        setting = self._constants.evaluate(call.rate, scope)
        rate = None if setting is None else self._typed.rate("throttle", setting)
        if setting is None or rate is None:
            return None
        if rate.count != rate.count.to_integral_value():
            self._diagnostics.add(_part_of_an_event(setting.span))
            return None
        return Throttle(rate, call.span)

    def _kline(self, call: syntax.KlineStage, scope: Scope) -> Stage | None:
        setting = self._constants.evaluate(call.interval, scope)
        interval = None if setting is None else self._typed.duration("kline", setting, "m", INSTANT)
        if self._event.name != "trade":
            message = f"`kline` makes candles of trades, not of {self._event.name} events"
            label = f"gets {self._event.name} events"
            self._diagnostics.add(Diagnostic("E0207", message, call.span, label))
            return None
        return None if interval is None else Kline(interval, call.span)

    def _merge(self, call: syntax.MergeStage) -> Stage | None:
        first = next((stage for stage in self._stages if isinstance(stage, Merge)), None)
        if first is None:
            return Merge(call.span)
        labels = () if first.span == call.span else (Label(first.span, "since here"),)
        message = "these events are merged already"
        self._diagnostics.add(Diagnostic("E0215", message, call.span, labels=labels, help=("remove one",)))
        return None

    def _expand_named(self, call: syntax.NamedStage, scope: Scope) -> None:
        stage = self._constants.names.stages.get(call.name.text)
        if stage is None:
            self._report_unknown(call)
            return
        parameters = stage.parameters
        if len(parameters) != len(call.arguments):
            self._diagnostics.add(_argument_count(call, stage))
            return
        if stage.name.text in self._open or len(self._open) == MAX_EXPANSION:
            self._diagnostics.add(_endless(call, [*self._open, stage.name.text]))
            return
        arguments = {
            parameter.text: Argument(expr, scope)
            for parameter, expr in zip(parameters, call.arguments, strict=True)
        }
        self._open.append(stage.name.text)
        self._expand(stage.calls, Scope(arguments))
        self._open.pop()

    def _report_unknown(self, call: syntax.NamedStage) -> None:
        names = self._constants.names
        if names.is_unreadable(call.name.text):
            return
        known = [*names.all(DeclKind.STAGE), *STAGE_WORDS]
        self._diagnostics.add(
            Diagnostic(
                "E0212",
                f"there is no stage called `{call.name.text}`",
                call.name.span,
                "not a stage",
                help=did_you_mean(call.name.text, known)
                or (f"stages are {', '.join(f'`{name}`' for name in known)}",),
                fixes=misspelling_fixes(call.name.text, call.name.span, known),
            )
        )


def _part_of_an_event(span: Span) -> Diagnostic:
    return Diagnostic(
        "E0306",
        "`throttle` wants a whole number of events in a time",
        span,
        "out of range",
        help=("give a longer time: `0.5/s` is `1/2s`",),
    )


def _argument_count(call: syntax.NamedStage, stage: syntax.StageDecl) -> Diagnostic:
    wanted = ", ".join(parameter.text for parameter in stage.parameters)
    count = len(stage.parameters)
    plural = "" if count == 1 else "s"
    return Diagnostic(
        "E0210",
        f"stage `{call.name.text}` takes {count} argument{plural}, not {len(call.arguments)}",
        call.span,
        labels=(Label(stage.name.span, "declared here"),),
        help=(f"call it as `{call.name.text}{f'({wanted})' if wanted else ''}`",),
    )


def _endless(call: syntax.NamedStage, path: list[str]) -> Diagnostic:
    shown = " → ".join(f"`{name}`" for name in path[-6:])
    return Diagnostic(
        "E0213",
        f"stage `{call.name.text}` contains itself: {shown}"
        if path.count(call.name.text) > 1
        else f"stages stand inside each other more than {MAX_EXPANSION} deep",
        call.name.span,
        help=("a stage stands for others, it cannot repeat",),
    )
