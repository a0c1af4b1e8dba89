"""What kernels mean, said one event at a time and as plainly as Python can: the tests' reference."""

from __future__ import annotations

import math
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

from meltica_dsl.fields import SIDES
from meltica_dsl.model import (
    Binary,
    Call,
    Conditional,
    Conflate,
    Const,
    Dedupe,
    Depth,
    FieldRef,
    Membership,
    Sample,
    Unary,
    Where,
)

Event = dict[str, Any]


def evaluate(expr, event: Event, graph):
    """The value of a `where` expression for one event; symbols, providers and sides by name."""
    match expr:
        case FieldRef():
            return _field(expr.field.name, event, graph)
        case Const():
            return float(expr.value) if isinstance(expr.value, Decimal) else expr.value
        case Unary():
            value = evaluate(expr.operand, event, graph)
            return (not value) if expr.op == "not" else -value
        case Binary():
            left, right = (evaluate(side, event, graph) for side in (expr.left, expr.right))
            return _binary(expr.op, left, right)
        case Membership():
            operand = evaluate(expr.operand, event, graph)
            return operand in [evaluate(item, event, graph) for item in expr.items]
        case Conditional():
            chosen = expr.then if evaluate(expr.condition, event, graph) else expr.otherwise
            return evaluate(chosen, event, graph)
        case Call():
            return _call(expr.function, [evaluate(a, event, graph) for a in expr.arguments])


def _field(name, event, graph):
    names = {"symbol": graph.symbols, "provider": [p.name for p in graph.providers], "side": SIDES}
    return names[name][int(event[name])] if name in names else float(event[name])


def _binary(op, left, right):
    match op:
        case "==":
            return left == right
        case "!=":
            return left != right
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case ">=":
            return left >= right
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            if right == 0:
                return math.nan if left == 0 or math.isnan(left) else math.copysign(math.inf, left)
            return left / right
        case "%":
            return math.nan if right == 0 else left % right
        case "and":
            return left and right
        case "or":
            return left or right


def _call(function, arguments):
    match function:
        case "abs":
            return abs(arguments[0])
        case "min":
            return min(arguments)
        case "max":
            return max(arguments)
        case "round":
            (value,) = arguments
            return float(round(value)) if math.isfinite(value) else value
        case "hour":
            return math.floor(arguments[0] / 3.6e9) % 24
        case "matches":
            return fnmatchcase(*arguments)


class ReferenceDedupe:
    def __init__(self, stage, content):
        self.within, self.content, self.seen = stage.within.us, content, {}

    def step(self, clock, seq, arrived):
        passed = []
        for event in arrived:
            key = self.content(event)
            before = self.seen.get(key)
            self.seen[key] = event["time"]
            if before is None or event["time"] - before > self.within:
                passed.append(event)
        return passed


class ReferenceSample:
    def __init__(self, stage):
        self.every, self.count = stage.every, 0

    def step(self, clock, seq, arrived):
        passed = []
        for event in arrived:
            if self.count % self.every == 0:
                passed.append(event)
            self.count += 1
        return passed


class ReferenceConflate:
    def __init__(self, stage):
        self.every, self.window, self.waiting = stage.every.us, -math.inf, {}

    def step(self, clock, seq, arrived):
        passed = []
        window = math.floor(clock / self.every)
        if window > self.window:
            passed = [{**event, "seq": seq} for event in self.waiting.values()]
            self.window, self.waiting = window, {}
        for event in arrived:
            key = (event["provider"], event["symbol"])
            self.waiting.pop(key, None)
            self.waiting[key] = event
        return passed


class ReferenceWhere:
    def __init__(self, stage, graph):
        self.condition, self.graph = stage.condition, graph

    def step(self, clock, seq, arrived):
        return [event for event in arrived if evaluate(self.condition, event, self.graph)]


class ReferenceRoute:
    """Feeds events one by one; `finish` moves the watermark on."""

    def __init__(self, route, graph, content):
        makers = {
            Where: lambda s: ReferenceWhere(s, graph),
            Dedupe: lambda s: ReferenceDedupe(s, content),
            Sample: ReferenceSample,
            Conflate: ReferenceConflate,
        }
        self.stages = [makers[type(s)](s) for s in route.stages if not isinstance(s, Depth)]
        self.clock, self.seq = -math.inf, 0

    def feed(self, event: Event) -> list[Event]:
        self.clock, self.seq = max(self.clock, event["time"]), event["seq"]
        return self._step([event])

    def finish(self, watermark: float) -> list[Event]:
        self.clock = max(self.clock, watermark)
        return self._step([])

    def _step(self, events):
        for stage in self.stages:
            events = stage.step(self.clock, self.seq, events)
        return events
