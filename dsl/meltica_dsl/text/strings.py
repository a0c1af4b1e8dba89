"""String literals: from the text between quotes to what it means, and back."""

from __future__ import annotations

import re

from msgspec import Struct

MAX_STRING = 64 * 1024
"""Characters of a string. Paths and names are short; a program belongs in a file of its own."""

_ESCAPES = {'"': '"', "\\": "\\", "n": "\n", "t": "\t", "r": "\r"}
_ESCAPE = re.compile(r"\\(u\{([0-9A-Fa-f]{1,6})\}|.)", re.DOTALL)


class BadEscape(Struct, frozen=True):
    """`start` and `end` are offsets in the literal's text."""

    text: str
    start: int
    end: int


def read_string(text: str) -> str | BadEscape:
    """The value of a string literal, quotes included in `text`.

    >>> read_string(r'"a\\tb"')
    'a\\tb'
    """
    for match in _ESCAPE.finditer(text, 1, len(text) - 1):
        if _meaning(match) is None:
            return BadEscape(match.group(), match.start(), match.end())
    return _ESCAPE.sub(lambda match: _meaning(match) or "", text[1:-1])


def _meaning(match: re.Match[str]) -> str | None:
    if match.group(2) is None:
        return _ESCAPES.get(match.group(1))
    code = int(match.group(2), 16)
    is_character = code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF
    return chr(code) if is_character else None


def quoted(value: str) -> str:
    """The literal of a string, as plain as it can be written.

    >>> print(quoted('a "b"'))
    "a \\"b\\""
    """
    escaped = value.translate({ord(char): f"\\{mark}" for mark, char in _ESCAPES.items()})
    return f'"{escaped}"'
