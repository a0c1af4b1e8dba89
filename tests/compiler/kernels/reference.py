"""What kernels mean, said one event at a time and as plainly as Python can: the tests' reference."""

from __future__ import annotations

import math
from collections import defaultdict
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from meltica_dsl.model.fields import SIDES
from meltica_dsl.model.pipeline import (
    Binary,
    Call,
    Conditional,
    Conflate,
    Const,
    Dedupe,
    Depth,
    FieldRef,
    Kline,
    Membership,
    Merge,
    Sample,
    Throttle,
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


class Moment(NamedTuple):
    """A step of the clock: the time it shows, and the number of the event that moved it."""

    time: float
    seq: float
    provider: int | None = None
    is_watermark: bool = False


class ReferenceDedupe:
    def __init__(self, stage, content):
        self.within, self.content, self.seen = stage.within.us, content, {}

    def step(self, moment, arrived):
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

    def step(self, moment, arrived):
        passed = []
        for event in arrived:
            if self.count % self.every == 0:
                passed.append(event)
            self.count += 1
        return passed


class ReferenceThrottle:
    def __init__(self, stage):
        self.most, self.per, self.window, self.count = int(stage.rate.count), stage.rate.per.us, -math.inf, 0

    def step(self, moment, arrived):
        passed = []
        for event in arrived:
            window = math.floor(event["time"] / self.per)
            if window > self.window:
                self.window, self.count = window, 0
            self.count += 1
            if self.count <= self.most:
                passed.append(event)
        return passed


class ReferenceConflate:
    def __init__(self, stage):
        self.every, self.window, self.waiting = stage.every.us, -math.inf, {}

    def step(self, moment, arrived):
        passed = []
        window = _window(moment.time, self.every)
        if window > self.window:
            passed = [{**event, "seq": moment.seq} for event in self.waiting.values()]
            self.window, self.waiting = window, {}
        for event in arrived:
            key = (event["provider"], event["symbol"])
            self.waiting.pop(key, None)
            self.waiting[key] = event
        return passed


class ReferenceKline:
    def __init__(self, stage):
        self.every, self.window, self.trades = stage.interval.us, -math.inf, defaultdict(list)

    def step(self, moment, arrived):
        passed = []
        window = _window(moment.time - (1e6 if moment.is_watermark else 0), self.every)
        if window > self.window:
            passed = [self._candle(*self.trades[key], seq=moment.seq) for key in sorted(self.trades)]
            self.window = window
            self.trades.clear()
        for event in arrived:
            self.trades[event["provider"], event["symbol"]].append(event)
        return passed

    def _candle(self, *trades, seq):
        prices = [trade["price"] for trade in trades]
        end = (self.window + 1) * self.every
        return {
            "seq": seq,
            "time": end,
            "ingest": trades[-1]["ingest"],
            "venue_seq": trades[-1]["venue_seq"],
            "symbol": trades[0]["symbol"],
            "provider": trades[0]["provider"],
            "open": prices[0],
            "high": max(prices),
            "low": min(prices),
            "close": prices[-1],
            # The shortest decimals that make these f64 are what the venue said.
            "volume": float(sum(Decimal(repr(float(trade["quantity"]))) for trade in trades)),
            "open_time": self.window * self.every,
            "close_time": end,
        }


def _window(time, every):
    return math.floor(time / every) if math.isfinite(time) else time


class ReferenceMerge:
    """`held` is the most events that it holds back."""

    def __init__(self, providers, held):
        self.clocks, self.newest = dict.fromkeys(providers, -math.inf), -math.inf
        self.most, self.held, self.came = held, [], 0

    def go_through(self, moment, arrived):
        """The moments behind it, each with the events of that moment."""
        if moment.provider is not None:
            self.clocks[moment.provider] = max(self.clocks[moment.provider], moment.time)
        self.newest = max(self.newest, moment.time)
        self.clocks = {p: max(clock, self.newest - 250_000) for p, clock in self.clocks.items()}
        for event in arrived:
            provider = int(event["provider"])
            self.came += 1
            self.held.append((max(event["time"], self.clocks[provider]), provider, self.came, event))
        self.held.sort(key=lambda one: one[:3])
        sure = min((clock, provider) for provider, clock in self.clocks.items())
        leaving = [one for one in self.held if one[:2] <= sure]
        if len(self.held) - len(leaving) > self.most:
            leaving = self.held
            self.clocks = {p: max(clock, leaving[-1][0]) for p, clock in self.clocks.items()}
        self.held = self.held[len(leaving) :]
        for stands, _, _, event in leaving:
            yield Moment(stands, moment.seq), [{**event, "seq": moment.seq}]
        yield Moment(sure[0], moment.seq, is_watermark=moment.is_watermark), []


class ReferenceWhere:
    def __init__(self, stage, graph):
        self.condition, self.graph = stage.condition, graph

    def step(self, moment, arrived):
        return [event for event in arrived if evaluate(self.condition, event, self.graph)]


class ReferenceRoute:
    """Feeds events one by one; `finish` moves the watermark on."""

    def __init__(self, route, graph, content, held):
        providers = [code for code, node in enumerate(graph.providers) if node.name in route.sources]
        makers = {
            Where: lambda s: ReferenceWhere(s, graph),
            Dedupe: lambda s: ReferenceDedupe(s, content),
            Sample: ReferenceSample,
            Throttle: ReferenceThrottle,
            Conflate: ReferenceConflate,
            Kline: ReferenceKline,
            Merge: lambda _: ReferenceMerge(providers, held),
        }
        self.stages = [makers[type(s)](s) for s in route.stages if not isinstance(s, Depth)]
        self.seq = 0

    def feed(self, event: Event) -> list[Event]:
        self.seq = event["seq"]
        return self._step(self.stages, Moment(event["time"], self.seq, int(event["provider"])), [event])

    def finish(self, watermark: float) -> list[Event]:
        return self._step(self.stages, Moment(watermark, self.seq, is_watermark=True), [])

    def _step(self, stages, moment, events):
        for number, stage in enumerate(stages):
            if isinstance(stage, ReferenceMerge):
                behind = stages[number + 1 :]
                return [
                    e for at, some in stage.go_through(moment, events) for e in self._step(behind, at, some)
                ]
            events = stage.step(moment, events)
        return events
