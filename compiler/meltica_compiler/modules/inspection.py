"""Reading what a strategy module says of itself, in a V8 isolate of its own.

The module is evaluated but not created: no handler runs. It gets `module` and `exports`, and nothing
to do I/O with.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import Struct

from meltica_compiler.modules.cache import ModuleCache, default_cache_directory
from meltica_compiler.modules.metadata import JsonValue, MetadataFault, ModuleMetadata, read_metadata

if TYPE_CHECKING:
    from py_mini_racer import MiniRacer

INSPECTOR_VERSION = 1
"""Part of the cache key: raise it when `_DESCRIBE` changes."""

EVALUATION_LIMIT_SECONDS = 2.0
"""A module declares functions and constants; that takes milliseconds, also on a busy machine."""

MEMORY_LIMIT_BYTES = 128 << 20
"""An empty isolate takes 1 MiB; the rest is far more than declarations need."""

MAX_METADATA_CHARS = 256 << 10
"""The JSON of the metadata: 256 config keys with a KiB of text each."""

_PREFIX = "(function (module, exports, require) {"
_SUFFIX = "\n})\n//# sourceURL=module.js"

# JSON has no functions, NaN and bigints: they come as {"$kind": …}, so that a fault can name them.
_DESCRIBE = """(function (evaluate) {
  const kind = (v) => v === null ? "null" : Array.isArray(v) ? "array" : typeof v;
  const module = { exports: {} };
  // mini-racer brings timers, which a running strategy does not have either.
  const timers = ["setTimeout", "clearTimeout", "setInterval", "clearInterval"];
  for (const name of timers) globalThis[name] = undefined;
  const require = (name) => {
    throw new Error(`require("${name}") is not available: a strategy is one file`);
  };
  evaluate.call(module.exports, module, module.exports, require);
  const found = module.exports;
  const plain = (key, v) =>
    typeof v === "function" || typeof v === "bigint" || typeof v === "symbol" ? { $kind: typeof v }
      : typeof v === "number" && !Number.isFinite(v) ? { $kind: String(v) } : v;
  const read = (key) => found === null || found === undefined ? undefined : found[key];
  return JSON.stringify(
    { exports: kind(found), create: kind(read("create")), metadata: read("metadata") }, plain);
})
//# sourceURL=inspect.js"""

_HEADER = re.compile(r"(?P<file>.*?):(?P<line>\d+): (?P<message>.*)")
_FRAME = re.compile(r"\bmodule\.js:(?P<line>\d+):(?P<column>\d+)")

_CREATE_SHAPE = "strategies are CommonJS: write `module.exports = { metadata, create }`"
_HINTS = (
    (re.compile(r"import statement|Unexpected token 'export'"), _CREATE_SHAPE),
    (re.compile(r"a strategy is one file"), "all that a strategy may use is in `env`"),
    (
        re.compile(r"(setTimeout|setInterval|fetch|process|window|document) is not (defined|a function)"),
        "a strategy has no timers and no I/O: it acts when an event comes, and `Date.now()` is event time",
    ),
    (re.compile(r"await is only valid"), "handlers are synchronous: they return before the next event"),
    (re.compile(r"env is not defined"), "`env` is the argument of `create(env)`"),
)


class FaultStage(Enum):
    """How far the module got."""

    COMPILE = "compile"
    EXECUTE = "execute"
    VALIDATE = "validate"


class ModuleFault(Struct, frozen=True):
    """Why a module is no strategy. `line` and `column` count from 1 and are None when no place is to
    blame; `hint` is the way out, "" when the message says it all."""

    stage: FaultStage
    message: str
    path: str
    line: int | None
    column: int | None
    hint: str


def inspect(source: str, path: str, cache: ModuleCache | None = None) -> ModuleMetadata | ModuleFault:
    """Evaluate a CommonJS module and read its metadata. `path` is how messages call it.

    Takes about 0.2 s, or 0.1 ms when `cache` (by default the user's cache directory) knows the source.
    """
    kept = cache or ModuleCache(default_cache_directory(os.environ), INSPECTOR_VERSION)
    digest = sha256(source.encode()).hexdigest()
    described = _parse(kept.read(digest))
    if described is None:
        # Only a module that is new pays for its import; an answer from the cache does without.
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

        # A thread of its own, since V8 is not to be waited for where an event loop runs.
        with ThreadPoolExecutor(max_workers=1) as threads:
            found = threads.submit(_describe, source, path).result()
        if isinstance(found, ModuleFault):
            return found
        described = _parse(found)
        if described is None:
            return _without_place(path, "the module's metadata cannot be read", "leave JSON as it is")
        kept.write(digest, found)
    result = read_metadata(described)
    return _located(result, source, path) if isinstance(result, MetadataFault) else result


def _parse(found: str | None) -> Mapping[str, JsonValue] | None:
    if found is None:
        return None
    try:
        described = json.loads(found, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None
    return described if isinstance(described, dict) and "exports" in described else None


def _describe(source: str, path: str) -> str | ModuleFault:
    # V8 is 70 ms of import, which a cached answer does without.
    from py_mini_racer import JSEvalException, JSFunction, JSTimeoutException, MiniRacer  # noqa: PLC0415

    racer = MiniRacer()
    try:
        racer.set_hard_memory_limit(MEMORY_LIMIT_BYTES)
        describe = racer.eval(_DESCRIBE)
        evaluate = racer.eval(_PREFIX + source + _SUFFIX, timeout_sec=EVALUATION_LIMIT_SECONDS)
        assert isinstance(describe, JSFunction), "the inspector is a function"
        found = describe(evaluate, timeout_sec=EVALUATION_LIMIT_SECONDS)
    except JSTimeoutException:
        # V8 still has to say that it ended; closing before it did so would leave it nobody to say it to.
        racer.eval("0")
        limit = f"the module takes more than {EVALUATION_LIMIT_SECONDS:g} s to load"
        return _without_place(path, limit, "declare at the top, compute in handlers")
    except JSEvalException as error:
        return _fault(racer, error, source, path)
    finally:
        racer.close()
    if not isinstance(found, str) or len(found) > MAX_METADATA_CHARS:
        message = f"the module's metadata is larger than {MAX_METADATA_CHARS >> 10} KiB"
        return _without_place(path, message, "keep data out of the metadata")
    return found


def _without_place(path: str, message: str, hint: str) -> ModuleFault:
    return ModuleFault(FaultStage.EXECUTE, message, path, None, None, hint)


def _fault(racer: MiniRacer, error: Exception, source: str, path: str) -> ModuleFault:
    # As above; here it is loaded already.
    from py_mini_racer import JSParseException  # noqa: PLC0415

    if racer.was_hard_memory_limit_reached():
        limit = f"the module takes more than {MEMORY_LIMIT_BYTES >> 20} MiB to load"
        return _without_place(path, limit, "allocate in `create(env)`, and less")
    text = str(error)
    header = _HEADER.match(text)
    message = header["message"].removeprefix("Uncaught ") if header else text.strip()
    hint = next((hint for pattern, hint in _HINTS if pattern.search(message)), "")
    if not isinstance(error, JSParseException):
        line, column = _thrown_at(text)
        return ModuleFault(FaultStage.EXECUTE, message, path, line, column, hint)
    assert header is not None, "V8 says where the syntax is wrong"
    line, column = int(header["line"]), _caret(text)
    last = source.count("\n") + 1
    if line > last:
        end = len(source) - source.rfind("\n")
        message, hint = "SyntaxError: unexpected end of the module", "a bracket or a string is never closed"
        return ModuleFault(FaultStage.COMPILE, message, path, last, end, hint)
    return ModuleFault(FaultStage.COMPILE, message, path, line, _unprefixed(line, column), hint)


def _thrown_at(text: str) -> tuple[int | None, int | None]:
    """The first frame of the stack that is the module's own."""
    frame = _FRAME.search(text)
    if frame is not None:
        line = int(frame["line"])
        return line, _unprefixed(line, int(frame["column"]))
    # A thrown value that is no Error has no stack, only the header.
    header = _HEADER.match(text)
    if header is None or header["file"] != "module.js":
        return None, None
    line = int(header["line"])
    return line, _unprefixed(line, _caret(text))


def _caret(text: str) -> int:
    """V8 shows the place as a line of its own: spaces, then `^`."""
    marker = next((line for line in text.split("\n")[2:] if line.strip(" \t^") == "" and "^" in line), "^")
    return marker.index("^") + 1


def _unprefixed(line: int, column: int) -> int:
    return max(1, column - len(_PREFIX)) if line == 1 else column


def _located(fault: MetadataFault, source: str, path: str) -> ModuleFault:
    line, column = _find(fault.anchor, source)
    return ModuleFault(FaultStage.VALIDATE, fault.message, path, line, column, fault.hint)


def _find(anchor: str, source: str) -> tuple[int | None, int | None]:
    """Where `anchor` stands: quoted rather than bare, after the word `metadata` rather than before it."""
    if not anchor:
        return None, None
    word = re.escape(anchor)
    start = max(0, source.find("metadata"))
    patterns = (f"(?<=[\"'`]){word}(?=[\"'`])", rf"(?<![\w$-]){word}(?![\w$-])")
    for pattern in patterns:
        for begin in (start, 0):
            found = re.compile(pattern).search(source, begin)
            if found is not None:
                line_start = source.rfind("\n", 0, found.start()) + 1
                return source.count("\n", 0, found.start()) + 1, found.start() - line_start + 1
    return None, None
