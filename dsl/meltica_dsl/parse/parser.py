"""Text to syntax tree, with every syntax error of the file.

After an error the parser goes on at the next declaration that begins a line. One mistake gives one
error: what stands between is skipped, and the declaration's name counts as declared.

A file is read in pieces, one from each word that begins a declaration to the next. Each piece is read by
an automaton that knows nothing of those before, so that an editor's next text can keep most of them
(`reparse`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from msgspec import Struct

from meltica_dsl.diagnostics.diagnostic import Diagnostic
from meltica_dsl.parse.automaton import MAX_STACK, Automaton
from meltica_dsl.parse.builders import Builder, TooDeep
from meltica_dsl.parse.common_mistakes import is_quoted_name, misquoted, misses_arrow
from meltica_dsl.parse.lexer import END, Token, lex
from meltica_dsl.parse.syntax_context import Context
from meltica_dsl.parse.syntax_errors import begins_declaration, begins_line, too_deep, too_long, unexpected
from meltica_dsl.parse.tables import grammar_tables
from meltica_dsl.syntax import Comment, Declaration, File, Name, UnreadableDecl
from meltica_dsl.text.source import Span

MAX_CHARACTERS = 16 * 1024 * 1024
"""Of one file. 10,000 declarations are about a sixth of it."""

MAX_ERRORS = 100
"""Of one file. Nobody reads more, and a file that is not a pipeline has one in every line."""

LOOKAHEAD = 2
"""Tokens behind the first of the next piece that may decide how a piece is read: that one may be the error,
when the word that seems to begin the next declaration was taken for a name, and one more is looked at."""


class Piece(NamedTuple):
    """What was read from one place where a declaration begins to the next.

    `start` is where its first token is. `reach` is the end of the last line that it depends on: with the
    same text from `start`'s line to `reach` it is read the same. One that ends with the file depends on all
    that could come.
    """

    start: int
    reach: int
    declarations: tuple[Declaration, ...]
    diagnostics: tuple[Diagnostic, ...]


class Parsed(Struct, frozen=True):
    """What could be read of a file, and what is wrong with the rest."""

    file: File
    diagnostics: tuple[Diagnostic, ...]
    pieces: tuple[Piece, ...] = ()


Parse = Callable[[str, str], Parsed]
"""The syntax of a path and a text: `parse`, or what gives the same sooner."""


def parse(path: str, text: str) -> Parsed:
    if len(text) > MAX_CHARACTERS:
        return Parsed(File(path, (), ()), (too_long(path, MAX_CHARACTERS),))
    lexed = lex(path, text)
    parser = _Parser(path, text, lexed.tokens)
    parser.read()
    return joined(path, tuple(parser.pieces()), lexed.comments)


def joined(path: str, pieces: tuple[Piece, ...], comments: tuple[Comment, ...]) -> Parsed:
    """The pieces of a file as one."""
    declarations = tuple(declaration for piece in pieces for declaration in piece.declarations)
    diagnostics = tuple(diagnostic for piece in pieces for diagnostic in piece.diagnostics)
    return Parsed(File(path, declarations, comments), diagnostics, pieces)


class _Parser:
    def __init__(self, path: str, text: str, tokens: tuple[Token, ...]) -> None:
        self.path = path
        self.text = text
        self.tokens = tokens
        self.builder = Builder(path)
        self.diagnostics: list[Diagnostic] = []
        self._is_whole = False
        """Whether the declaration before the last error was complete."""
        self._marks: list[tuple[int, int, int]] = [(0, 0, 0)]
        """For each piece: its first token, and how many declarations and diagnostics there were before it."""
        self._automaton = Automaton(grammar_tables(), self.builder)
        self._beginnings = {
            text: kind for text, kind in grammar_tables().keywords.items() if self._automaton.accepts(kind)
        }

    def read(self) -> None:
        """Reads all declarations. `begin` is the place where the one in hand begins."""
        begin = position = 0
        while position < len(self.tokens):
            token = self.tokens[position]
            diagnostic = None
            # A word that begins declarations may be a name too: it begins one where the automaton wants it.
            if token.text in self._beginnings and self._automaton.kind_of(token) != "NAME":
                diagnostic = self._end_piece(position)
                begin = position if diagnostic is None else begin
            diagnostic = diagnostic or self._feed(begin, position)
            mistake = diagnostic or misquoted(self.path, self.text, token)
            if mistake is not None:
                self.diagnostics.append(mistake)
                if len(self.diagnostics) == MAX_ERRORS:
                    return
            if diagnostic is None:
                position += 1
            else:
                begin = position = self._recover(begin, position)

    def pieces(self) -> Iterator[Piece]:
        """What was read, piece by piece."""
        ends = (*self._marks[1:], (len(self.tokens), len(self.builder.declarations), len(self.diagnostics)))
        for (first, declared, wrong), (last, all_declared, all_wrong) in zip(self._marks, ends, strict=True):
            yield Piece(
                self.tokens[first].start,
                self._line_end(last + LOOKAHEAD),
                tuple(self.builder.declarations[declared:all_declared]),
                tuple(self.diagnostics[wrong:all_wrong]),
            )

    def _line_end(self, position: int) -> int:
        if position >= len(self.tokens) - 1:
            return len(self.text)
        end = self.text.find("\n", self.tokens[position].end)
        return end if end >= 0 else len(self.text)

    def _end_piece(self, position: int) -> Diagnostic | None:
        """Ends the declaration in hand before one that begins at `position`."""
        if position == 0:
            return None
        try:
            self._automaton.feed(Token(END, "", 0, 0))
        except TooDeep as error:
            return too_deep(error.span)
        self._automaton.reset()
        self._marks.append((position, len(self.builder.declarations), len(self.diagnostics)))
        return None

    def _feed(self, begin: int, position: int) -> Diagnostic | None:
        token = self.tokens[position]
        self._is_whole = False
        try:
            if self._automaton.feed(token):
                return too_deep(self._span(token)) if self._automaton.depth > MAX_STACK else None
        except TooDeep as error:
            return too_deep(error.span)
        expected = self._automaton.expected()
        context = Context(self.path, self.text, self.tokens, begin, position, expected, self._beginnings)
        self._is_whole = END in expected and self._begins_line(token) and not misses_arrow(context)
        return unexpected(context)

    def _recover(self, begin: int, position: int) -> int:
        """Where to go on after an error at `position`. A declaration that is whole before it is kept."""
        self._automaton.reset()
        if self._is_whole:
            # Before the error its values were reduced halfway and are lost: it is read again, up to its end.
            for token in self.tokens[begin:position]:
                self._automaton.feed(token)
            self._automaton.feed(Token(END, "", 0, 0))
            self._automaton.reset()
            begin = position
        # The error may be at the second token of the next declaration: its keyword passed for a key.
        following = self._next_beginning(max(begin + 1, position - 1))
        self._keep_name(begin, following)
        return following

    def _keep_name(self, begin: int, following: int) -> None:
        keyword, token = self.tokens[begin], self.tokens[min(begin + 1, len(self.tokens) - 1)]
        known = Name(token.text, self._span(token)) if token.kind == "NAME" else None
        if is_quoted_name(token):
            known = Name(token.text[1:-1], Span(self.path, token.start + 1, token.end - 1))
        span = Span(self.path, keyword.start, self.tokens[max(begin, following - 1)].end)
        self.builder.declarations.append(UnreadableDecl(keyword.text, known, span))

    def _next_beginning(self, position: int) -> int:
        """The next place where a declaration begins a line, or the end of the tokens."""
        for index in range(position, len(self.tokens)):
            if begins_declaration(self.text, self.tokens, index, self._beginnings):
                return index
        return len(self.tokens)

    def _begins_line(self, token: Token) -> bool:
        """A word or a stray brace on a line of its own is no part of what stands before it."""
        return token.kind in ("NAME", "RBRACE") and begins_line(self.text, token)

    def _span(self, token: Token) -> Span:
        return Span(self.path, token.start, token.end)
