"""What stands around the cursor: the declaration in hand, the word that is being typed, and what may follow.

The declaration is most likely broken, since it is being written. So all is read from its tokens, and from
the parser's automaton, which knows what it would take next.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from functools import cache

from msgspec import Struct

from meltica_dsl.parse.automaton import Automaton
from meltica_dsl.parse.builders import Builder, TooDeep
from meltica_dsl.parse.lexer import END, UNKNOWN, UNTERMINATED, Token, lex
from meltica_dsl.parse.syntax_errors import begins_declaration, begins_line
from meltica_dsl.parse.tables import grammar_tables
from meltica_dsl.text.source import Span

_SYMBOL = re.compile(r"(?<![A-Za-z0-9_])[0-9]*[A-Z][A-Z0-9]*-[A-Z0-9]*$")
_NUMBER = re.compile(r"(?<![A-Za-z0-9_.])[0-9][0-9_.]*[A-Za-z]*(/[0-9]*[A-Za-z]*)?%?$")


class Cursor(Struct, frozen=True):
    """`tokens` are those of the declaration before the word at the cursor, `after` those behind it.

    `word` is what is being typed: all of it, of which `typed` stands before the cursor. It is empty where
    nothing is being typed yet. `expected` are the terminals that could stand here, none where the
    declaration is broken before the cursor. `begins_line` says that nothing stands before the word.
    """

    path: str
    text: str
    offset: int
    tokens: tuple[Token, ...]
    after: tuple[Token, ...]
    word: Token
    expected: frozenset[str]
    begins_line: bool

    @property
    def typed(self) -> str:
        return self.word.text[: self.offset - self.word.start]

    @property
    def span(self) -> Span:
        """The declaration in hand, as far as its tokens go."""
        parts = (*self.tokens, self.word, *self.after)
        return Span(self.path, min(t.start for t in parts), max(t.end for t in parts))

    @property
    def keyword(self) -> str:
        """That of the declaration in hand, "" where none has begun."""
        return self.tokens[0].text if self.tokens else ""

    @property
    def in_string(self) -> bool:
        return self.word.kind in ("STRING", UNTERMINATED)

    @property
    def may_begin(self) -> bool:
        """Whether a declaration may begin with the word at the cursor."""
        return self.begins_line and (not self.expected or "PROVIDER" in self.expected)

    @property
    def keywords(self) -> tuple[str, ...]:
        """Words of the grammar that could stand here."""
        return tuple(text for text, kind in grammar_tables().keywords.items() if kind in self.expected)


def cursor_at(path: str, text: str, offset: int) -> Cursor | None:
    """The surroundings of an offset; None inside a comment, where nothing is to be said."""
    begin, end = _window(text, offset)
    # A line's beginning is always a token's: strings and comments end with their line.
    lexed = lex(path, text[begin:end])
    if any(comment.span.start < offset - begin <= comment.span.end for comment in lexed.comments):
        return None
    tokens = tuple(Token(t.kind, t.text, t.start + begin, t.end + begin) for t in lexed.tokens[:-1])
    word = _word(text, tokens, offset)
    before = tuple(token for token in tokens if token.end <= word.start)
    after = tuple(token for token in tokens if token.start >= max(word.end, offset))
    begin, expected = _expected(path, text, before)
    return Cursor(path, text, offset, before[begin:], after, word, expected, begins_line(text, word))


def _window(text: str, offset: int) -> tuple[int, int]:
    """The declarations around an offset, for a file may be long and the cursor's surroundings are not.

    Two before the one in hand: the last may be unbegun, and what seems to begin one may be a key.
    """
    starts = [match.start() for match in _beginning_lines().finditer(text)]
    here = bisect_right(starts, offset)
    begin = starts[here - 3] if here >= 3 else 0
    return begin, starts[here] if here < len(starts) else len(text)


@cache
def _beginning_lines() -> re.Pattern[str]:
    """Lines that a declaration most likely begins on."""
    return re.compile(rf"^[ \t]*(?:{'|'.join(_beginnings())})[ \t]+(?=[A-Za-z_\"])", re.MULTILINE)


def _word(text: str, tokens: tuple[Token, ...], offset: int) -> Token:
    """What is being typed at an offset: a token, or what becomes one, such as `BTC-` and `5/`."""
    line = text[text.rfind("\n", 0, offset) + 1 : offset]
    for kind, pattern in (("SYMBOL", _SYMBOL), ("LITERAL", _NUMBER)):
        match = pattern.search(line)
        if match is not None and not _in_string(tokens, offset):
            return Token(kind, match.group(), offset - len(match.group()), offset)
    for token in tokens:
        inside = token.start < offset < token.end or (
            token.end == offset and token.kind in ("NAME", "SYMBOL", "LITERAL", UNTERMINATED, UNKNOWN)
        )
        if inside and token.kind in ("NAME", "SYMBOL", "LITERAL", "STRING", UNTERMINATED):
            return token
    return Token("", "", offset, offset)


def _in_string(tokens: tuple[Token, ...], offset: int) -> bool:
    return any(t.kind in ("STRING", UNTERMINATED) and t.start < offset <= t.end for t in tokens)


def _expected(path: str, text: str, tokens: tuple[Token, ...]) -> tuple[int, frozenset[str]]:
    """Where the declaration in hand begins among the tokens, and what may follow the last."""
    tables = grammar_tables()
    beginnings = _beginnings()
    # The two last declarations are enough: the last may be unbegun, as a keyword with no name is.
    starts = [i for i in range(len(tokens) - 1) if begins_declaration(text, tokens, i, beginnings)]
    first = starts[-2] if len(starts) > 1 else 0
    automaton = Automaton(tables, Builder(path))
    begin, is_valid = first, True
    for index in range(first, len(tokens)):
        token = tokens[index]
        if index in starts:
            # After an error the next declaration is a new chance, as it is for the parser.
            if not is_valid or not automaton.accepts(END):
                automaton.reset()
            is_valid = True
        if not is_valid:
            continue
        if token.text in beginnings and automaton.kind_of(token) != "NAME":
            begin = index
        is_valid = _feed(automaton, token)
    if begin < (starts[-1] if starts else 0):
        begin = starts[-1]
    return begin, automaton.expected() if is_valid else frozenset()


def _feed(automaton: Automaton, token: Token) -> bool:
    try:
        return automaton.feed(token)
    except TooDeep:
        return False


@cache
def _beginnings() -> Mapping[str, str]:
    """The keywords that declarations begin with."""
    automaton = Automaton(grammar_tables(), Builder(""))
    return {text: kind for text, kind in grammar_tables().keywords.items() if automaton.accepts(kind)}
