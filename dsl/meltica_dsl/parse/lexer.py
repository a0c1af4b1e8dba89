"""Text to tokens. Words are all names here; whether one is a keyword, the parser's state decides."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from msgspec import Struct

from meltica_dsl.parse.tables import Tables, grammar_tables
from meltica_dsl.syntax import Comment
from meltica_dsl.text.source import Span

END = "$END"
UNTERMINATED = "UNTERMINATED"
"""A string whose line ends before its quote."""
UNKNOWN = "UNKNOWN"
"""Characters that begin nothing in the language."""

_COMMENT = "COMMENT"
_STRING = "STRING"
_MISQUOTED = "MISQUOTED"
"""A string in quotes of another language, or of a word processor. It passes for a string, so that what stands
behind it is read."""

_OTHER_QUOTES = (
    r"""'[^"\\\n]*?'(?!\w)"""
    r"""|[‘’‚‹›`´][^"\\\n]*?[‘’‚‹›`´](?!\w)"""
    r"""|[«»][^«»"\\\n]*[«»]"""
    r"""|[“”„][^“”„"\\\n]*[“”„]"""
    # One end put right already, with no other quote behind it on the line that could be the true end.
    r"""|[“”„][^“”„"\\\n]*"(?![^\n]*["“”„])"""
    r"""|"[^“”„"\\\n]*[“”„](?![^\n]*["“”„])"""
)


class Token(NamedTuple):
    """`kind` is a terminal of the grammar or one of the three above; places are offsets. The `text` of a
    string has straight quotes, whatever it was written in."""

    kind: str
    text: str
    start: int
    end: int


class Lexed(Struct, frozen=True):
    """`tokens` end with one of kind `END`."""

    tokens: tuple[Token, ...]
    comments: tuple[Comment, ...]


def lex(path: str, text: str) -> Lexed:
    tables = grammar_tables()
    tokens: list[Token] = []
    comments: list[Comment] = []
    ignored = frozenset(tables.ignored)
    for match in _scanner().finditer(text):
        kind = match.lastgroup
        assert kind is not None, "every alternative of the scanner is a group"
        if kind == _MISQUOTED:
            tokens.append(Token(_STRING, f'"{match.group()[1:-1]}"', match.start(), match.end()))
        elif kind not in ignored:
            tokens.append(Token(kind, match.group(), match.start(), match.end()))
        elif kind == _COMMENT:
            comments.append(_comment(path, text, match.start(), match.end()))
    # What is missing at the end is missing after the last token, not after the comments below it.
    end = tokens[-1].end if tokens else 0
    tokens.append(Token(END, "", end, end))
    return Lexed(tuple(tokens), tuple(comments))


def _comment(path: str, text: str, start: int, end: int) -> Comment:
    line_start = text.rfind("\n", 0, start) + 1
    own_line = not text[line_start:start].strip(" \t\r\f\ufeff")
    return Comment(text[start:end].rstrip(), Span(path, start, end), own_line)


@cache
def _scanner() -> re.Pattern[str]:
    return scanner(grammar_tables())


def scanner(tables: Tables) -> re.Pattern[str]:
    """One expression that matches any token at any place, so that scanning never stops."""
    groups: Mapping[str, str] = {
        **dict(tables.terminals),
        _MISQUOTED: _OTHER_QUOTES,
        UNTERMINATED: r'"[^"\\\n]*(?:\\[^\n][^"\\\n]*)*',
        UNKNOWN: r"[^\x00-\x7f]+|&&|\|\||[\s\S]",
    }
    return re.compile("|".join(f"(?P<{name}>{regex})" for name, regex in groups.items()))
