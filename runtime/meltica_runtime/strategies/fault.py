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
    """The fault of a JavaScript error: its place is the innermost frame that lies in `file`, or the one
    that V8 shows above the source line."""
    place = _frame(stack, file) or _shown(stack, file)
    if place is None:
        return StrategyFault(stage, message, file, hint=hint)
    line, column = place
    if line == 1:
        column = max(1, column - len(MODULE_PREFIX))
    return StrategyFault(stage, message, file, line, column, hint)


def _frame(stack: str, file: str) -> tuple[int, int] | None:
    """Line and column of the first `file:line:column`."""
    frame = re.search(rf"{re.escape(file)}:(\d+):(\d+)", stack)
    return (int(frame[1]), int(frame[2])) if frame else None


def _shown(stack: str, file: str) -> tuple[int, int] | None:
    """Line and column of a heading `file:line: message`, with a caret under the source line below it.

    A module that does not parse has no name yet: V8 calls it `<anonymous>`.
    """
    heading = re.match(rf"(?:<anonymous>|{re.escape(file)}):(\d+): .*\n.*\n(\s*)\^", stack)
    return (int(heading[1]), len(heading[2]) + 1) if heading else None


MODULE_PREFIX = "__meltica.start(function (module, exports, require) { "
"""Stands before the module's first line, so that its line numbers stay its own."""
