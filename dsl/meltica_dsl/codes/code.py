"""What a diagnostic's code stands for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """A stable code. `title` is one line; `explanation` is the whole story that `meltica explain` prints."""

    code: str
    title: str
    explanation: str
