"""What went wrong in a strategy, in words its author can act on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum


class Stage(Enum):
    """Where in its life a strategy failed."""

    COMPILE = "compile"
    CREATE = "create"
    HANDLER = "handler"
    TIME = "time limit"
    MEMORY = "memory limit"


@dataclass(frozen=True, slots=True)
class StrategyFault:
    """`line` and `column` (from 1) are in the module's own file; None where V8 names no place."""

    stage: Stage
    message: str
    file: str
    line: int | None = None
    column: int | None = None
    hint: str = ""

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}:{self.column}"
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}: {self.stage.value}: {self.message}{hint}"


class StrategyFailed(Exception):
    """A strategy cannot go on. Its fault says why."""

    def __init__(self, fault: StrategyFault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def fault_from_stack(stage: Stage, message: str, stack: str, file: str, *, hint: str = "") -> StrategyFault:
    """The fault of a JavaScript error: its place is the innermost frame that lies in `file`."""
    frame = re.search(rf"{re.escape(file)}:(\d+)(?::(\d+))?", stack)
    if frame is None:
        return StrategyFault(stage, message, file, hint=hint)
    line = int(frame.group(1))
    column = int(frame.group(2)) if frame.group(2) else 1
    if line == 1:
        column = max(1, column - len(MODULE_PREFIX))
    return StrategyFault(stage, message, file, line, column, hint)


MODULE_PREFIX = "__meltica.start(function (module, exports, require) { "
"""Stands before the module's first line, so that its line numbers stay its own."""
