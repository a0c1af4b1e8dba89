"""One strategy's V8 isolate: its inbox in shared memory, and the drain that empties it.

The isolate has a thread of its own. Python writes into the inbox while V8 reads; a drain is one
cancelable call, during which the event loop goes on.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib.resources import files
from typing import Annotated, Any, Literal, Self, TypeVar

import anyio
import msgspec
from py_mini_racer import JSEvalException, JSOOMException, JSParseException, MiniRacer, mini_racer

from meltica_compiler.graph.graph import StrategyNode
from meltica_compiler.records import shared_memory as at
from meltica_compiler.records.inbox_geometry import InboxGeometry
from meltica_compiler.records.inbox_source import inbox_source
from meltica_dsl.model.fields import EVENT_BY_NAME, EXECUTION_HANDLERS
from meltica_dsl.text.suggest import nearest
from meltica_runtime.strategies.cpu_affinity import pinned_threads
from meltica_runtime.strategies.fault import (
    MODULE_PREFIX,
    Stage,
    StrategyFailed,
    StrategyFault,
    fault_from_stack,
)

START_LIMIT_SECONDS = 5.0
"""The longest that evaluating a module and its `create` may take."""

DRAIN_EVENTS = 1 << 20
"""Events of one drain at most, so that one that never runs out of events is accounted for every now and then;
cold events and a stop end it within `STRETCH` events."""

MAX_REQUESTS = 1_024
"""Orders, cancels and amends of one drain, which ends with the event that makes them."""

HANDLERS = tuple(dict.fromkeys([*(e.handler for e in EVENT_BY_NAME.values()), *EXECUTION_HANDLERS.values()]))


Amount = Annotated[str, msgspec.Meta(pattern=r"^[0-9]+(\.[0-9]+)?$", max_length=400)]
"""A decimal without sign and exponent; the longest f64 has 326 characters."""


class Effect(msgspec.Struct, frozen=True):
    """Something a strategy did. The isolate's JavaScript checks it for its author; what it says is checked
    again here, as a strategy may have changed the language under it."""

    kind: Literal["submit", "cancel", "amend"]
    seq: float
    timeMs: float  # noqa: N815 - these are the names in JavaScript
    id: str
    provider: str = ""
    symbol: str = ""
    side: Literal["", "buy", "sell"] = ""
    type: Literal["", "limit", "market"] = ""
    quantity: Amount | None = None
    price: Amount | None = None
    timeInForce: Literal["gtc", "ioc", "fok"] = "gtc"  # noqa: N815
    bid: Amount | None = None
    ask: Amount | None = None
    last: Amount | None = None


class LogLine(msgspec.Struct, frozen=True):
    seq: float
    timeMs: float  # noqa: N815
    text: str


class HandlerFault(msgspec.Struct, frozen=True):
    handler: str
    seq: float
    message: str
    stack: str


class DrainResult(msgspec.Struct, frozen=True):
    """What one drain did: events handled, and what came of them, in order. One that `yielded` ended before
    all was read, because of what it has to tell."""

    handled: int
    yielded: bool = False
    effects: Annotated[tuple[Effect, ...], msgspec.Meta(max_length=MAX_REQUESTS)] = ()
    logs: tuple[LogLine, ...] = ()
    fault: HandlerFault | None = None


class _Started(msgspec.Struct, frozen=True):
    handlers: tuple[str, ...]
    misnamed: tuple[str, ...]
    """What looks like a handler, and what no event calls."""
    logs: tuple[LogLine, ...]


@dataclass(frozen=True, slots=True)
class ColdEvent:
    """A rare, rich event: a handler's name, its place in the order, and what the handler gets."""

    seq: float
    time_us: float
    handler: str
    event: dict[str, Any]
    extra: str | None = None

    def to_json(self) -> dict[str, Any]:
        document = {
            "seq": self.seq,
            "timeMs": self.time_us / 1000,
            "handler": self.handler,
            "event": self.event,
        }
        return document if self.extra is None else {**document, "extra": self.extra}


@dataclass(frozen=True, slots=True)
class IsolateEnv:
    """What a strategy is born into: everything that its behaviour may depend on besides its events."""

    symbols: tuple[str, ...]
    providers: tuple[str, ...]
    order_prefix: str
    start_us: float
    seed: int


_Answer = TypeVar("_Answer", DrainResult, _Started)


class Isolate:
    """An open isolate. Use as an async context manager; `open` it within the event loop that uses it."""

    def __init__(self, node: StrategyNode, inbox: InboxGeometry, env: IsolateEnv) -> None:
        self._node = node
        self._inbox = inbox
        self._env = env
        self._stack = AsyncExitStack()
        self._v8: MiniRacer
        linger = node.linger
        self._linger_ms = math.inf if linger.always else linger.duration.ns / 1e6
        self.handlers: tuple[str, ...] = ()
        self.start_logs: tuple[LogLine, ...] = ()
        self.memory: memoryview
        self.words: memoryview[int]
        self.cells: memoryview[float]

    async def __aenter__(self) -> Self:
        """Raises `StrategyFailed` if the module does not evaluate or its `create` throws."""
        try:
            with pinned_threads(self._node):
                self._v8 = self._stack.enter_context(mini_racer())
            self._v8.set_hard_memory_limit(self._node.memory.bytes)
            self.memory = await self._eval(Stage.COMPILE, self._boot_source())
            control = self.memory[: at.INBOX_CONTROL_BYTES]
            self.words = control.cast("I")
            self.cells = control.cast("d")
            module = (
                f"{MODULE_PREFIX}{self._node.module.source}\n}});\n//# sourceURL={self._node.module.path}"
            )
            started = self._decode(await self._eval(Stage.CREATE, module), _Started)
        except BaseException:
            await self._stack.aclose()
            raise
        self.handlers = started.handlers
        self.start_logs = (*started.logs, *map(self._misnamed, started.misnamed))
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self._stack.aclose()

    @property
    def lingers(self) -> bool:
        return self._linger_ms > 0

    def stop_lingering(self) -> None:
        """Makes a lingering drain return soon; it may then not linger again."""
        self._linger_ms = 0.0
        self.words[at.STOP_U32] = 1

    def interrupt_linger(self) -> None:
        """Makes a lingering drain return now, to be called again with what waits for it."""
        self.words[at.STOP_U32] = 1

    async def drain(self, cold: tuple[ColdEvent, ...] = (), limit: int = DRAIN_EVENTS) -> DrainResult:
        """Handles what the inbox holds up to its cut, and `cold`, in order.

        Raises `StrategyFailed` where the isolate cannot go on; it is then to be closed. A cancellation
        ends the handler in hand wherever it is, and the isolate with it.
        """
        self.words[at.STOP_U32] = 0
        linger = _number(self._linger_ms)
        return self.result_of(await self.run(f"__meltica.drain({cold_json(cold)},{limit},{linger})"))

    def result_of(self, answer: object) -> DrainResult:
        """What a drain has answered. Raises as `drain` does."""
        if isinstance(answer, int):
            return DrainResult(answer)
        result = self._decode(answer, DrainResult)
        if not all(self._may(effect) for effect in result.effects):
            raise StrategyFailed(self._tampered())
        if result.fault is not None:
            raise StrategyFailedIn(self._handler_fault(result.fault), result)
        return result

    async def run(self, code: str) -> Any:
        """Runs drains under the heartbeat's watch: progress, however slow, is not a runaway. Raises as
        `drain` does."""
        limit = self._node.drain_limit.seconds
        try:
            # Not a scope of anyio: it would cost as much as all else that Python does for a drain.
            async with asyncio.timeout(None) as timeout:
                watch = _Watch(self.words, timeout, limit)
                watch.start()
                try:
                    return await self._v8.eval_cancelable(code)
                finally:
                    watch.stop()
        except JSOOMException as error:
            raise StrategyFailed(self._memory_fault()) from error
        except JSEvalException as error:
            raise StrategyFailed(self._fault(Stage.HANDLER, error)) from error
        except TimeoutError as error:
            raise StrategyFailed(
                StrategyFault(
                    Stage.TIME,
                    f"a handler did not return within {limit:g}s and was stopped",
                    self._node.module.path,
                    hint="look for a loop without end, or raise `drain_limit`",
                )
            ) from error

    async def _eval(self, stage: Stage, code: str) -> Any:
        path = self._node.module.path
        try:
            with anyio.fail_after(START_LIMIT_SECONDS):
                return await self._v8.eval_cancelable(code)
        except TimeoutError as error:
            message = f"the module did not start within {START_LIMIT_SECONDS:g}s"
            raise StrategyFailed(StrategyFault(Stage.TIME, message, path)) from error
        except JSOOMException as error:
            raise StrategyFailed(self._memory_fault()) from error
        except JSParseException as error:
            raise StrategyFailed(self._fault(Stage.COMPILE, error)) from error
        except JSEvalException as error:
            raise StrategyFailed(self._fault(stage, error)) from error

    def _decode(self, answer: Any, type: type[_Answer]) -> _Answer:
        """What the isolate says, as long as it is what our own JavaScript in it would say."""
        if not isinstance(answer, str):
            raise StrategyFailed(self._tampered())
        try:
            return msgspec.json.decode(answer, type=type)
        except msgspec.DecodeError as error:
            raise StrategyFailed(self._tampered()) from error

    def _may(self, effect: Effect) -> bool:
        if effect.kind != "submit":
            return True
        whole = effect.side and effect.quantity and effect.type and (effect.price or effect.type == "market")
        return (
            bool(whole)
            and effect.provider == self._node.trade_on
            and effect.symbol in self._node.trade_symbols
        )

    def _misnamed(self, handler: str) -> LogLine:
        likely = nearest(handler, HANDLERS)
        hint = f"did you mean {likely}?" if likely else f"handlers are {', '.join(HANDLERS)}"
        return LogLine(0.0, self._env.start_us / 1_000, f"no event calls the handler {handler}; {hint}")

    def _tampered(self) -> StrategyFault:
        return StrategyFault(
            Stage.HANDLER,
            "the strategy changed what JavaScript itself does, so that its doings cannot be read",
            self._node.module.path,
            hint="leave the built-in objects and their prototypes as they are",
        )

    def _boot_source(self) -> str:
        node, env = self._node, self._env
        seed = hashlib.sha256(f"{env.seed}/{node.name}".encode()).digest()
        boot = {
            "instance": node.name,
            "config": node.config,
            "tradeOn": node.trade_on,
            "tradeSymbols": node.trade_symbols,
            "tradeSymbol": env.symbols.index(node.trade_symbols[0]) if node.trade_symbols else 0,
            "dryRun": node.dry_run,
            "orderPrefix": env.order_prefix,
            "nowMs": env.start_us / 1000,
            "seed": [int.from_bytes(seed[i : i + 4], "little", signed=True) for i in range(0, 16, 4)],
            "symbols": env.symbols,
            "providers": env.providers,
            "handlerNames": HANDLERS,
            "lingers": self.lingers,
        }
        host = files(__package__).joinpath("sandbox.js").read_text("utf-8")
        return (
            f"(() => {{ {inbox_source(self._inbox, env.symbols, env.providers)}\n{host}\n"
            f"const memory = new SharedArrayBuffer({self._inbox.size_bytes});\n"
            "const control = { memory, cells: new Float64Array(memory), words: new Int32Array(memory) };\n"
            f"const host = openHost({_to_json(boot)}, openInbox, control);\n"
            "Object.defineProperty(globalThis, '__meltica', { value: Object.freeze(host) });\n"
            "return memory; })()\n//# sourceURL=meltica:host"
        )

    def _fault(self, stage: Stage, error: JSEvalException) -> StrategyFault:
        text = str(error)
        first = text.splitlines()[0] if text else "unknown error"
        message = first.split(": ", 1)[-1] if first.startswith(("<", self._node.module.path)) else first
        return fault_from_stack(stage, message, text, self._node.module.path)

    def _handler_fault(self, fault: HandlerFault) -> StrategyFault:
        message = f"{fault.handler}: {fault.message}" if fault.handler else fault.message
        return fault_from_stack(Stage.HANDLER, message, fault.stack, self._node.module.path)

    def _memory_fault(self) -> StrategyFault:
        mib = self._node.memory.bytes / 2**20
        return StrategyFault(
            Stage.MEMORY,
            f"the strategy used more than its {mib:g} MiB and was stopped",
            self._node.module.path,
            hint="keep less history, or raise `memory`",
        )


class StrategyFailedIn(StrategyFailed):
    """A handler threw; `result` is what the drain did before, and still counts."""

    def __init__(self, fault: StrategyFault, result: DrainResult) -> None:
        super().__init__(fault)
        self.result = result


def cold_json(events: tuple[ColdEvent, ...]) -> str:
    """Cold events as the isolate's JavaScript takes them."""
    return msgspec.json.encode([event.to_json() for event in events]).decode() if events else "[]"


class _Watch:
    """Lets a timeout end when the heartbeat has stood still for a whole limit."""

    def __init__(self, words: memoryview[int], timeout: asyncio.Timeout, limit_seconds: float) -> None:
        self._words = words
        self._timeout = timeout
        self._limit = limit_seconds
        self._seen = -1
        self._timer: Any = None

    def start(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._limit, self._look)

    def stop(self) -> None:
        self._timer.cancel()

    def _look(self) -> None:
        beat = self._words[at.HEARTBEAT_U32]
        if beat == self._seen:
            self._timeout.reschedule(0.0)
            return
        self._seen = beat
        self.start()


def _number(value: float) -> str:
    """A number as JavaScript writes it."""
    return "Infinity" if math.isinf(value) else repr(value)


def _to_json(value: object) -> str:
    return json.dumps(value, default=float)
