"""Where the parser stood when a token did not fit."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from meltica_dsl.parse.lexer import END, Token
from meltica_dsl.parse.tables import grammar_tables
from meltica_dsl.text.source import Span

CLOSING: Mapping[str, str] = {"{": "}", "[": "]", "(": ")"}


class Context(Struct, frozen=True):
    """`tokens[begin:position]` fit, `tokens[position]` does not. `beginnings` are the words that begin a
    declaration, with their kinds."""

    path: str
    text: str
    tokens: tuple[Token, ...]
    begin: int
    position: int
    expected: frozenset[str]
    beginnings: Mapping[str, str]

    @property
    def token(self) -> Token:
        return self.tokens[self.position]

    @property
    def before(self) -> Token | None:
        return self.tokens[self.position - 1] if self.position else None

    @property
    def after(self) -> Token:
        """The next token; at the end of the file the end itself."""
        return self.tokens[min(self.position + 1, len(self.tokens) - 1)]

    @property
    def keyword(self) -> str:
        """The word that the declaration in hand begins with."""
        return self.tokens[self.begin].text

    @property
    def at_declaration(self) -> bool:
        return self.expected.issuperset(self.beginnings.values())

    @property
    def has_arrow(self) -> bool:
        return any(token.text == "->" for token in self.tokens[self.begin : self.position])

    @property
    def opened(self) -> list[Token]:
        """Brackets of the declaration in hand that are not closed yet, the innermost last."""
        opened: list[Token] = []
        for token in self.tokens[self.begin : self.position]:
            if token.text in CLOSING:
                opened.append(token)
            elif opened and token.text == CLOSING[opened[-1].text]:
                opened.pop()
        return opened

    def expects(self, text: str) -> bool:
        """Whether this sign could stand here."""
        return any(spelling(kind) == f"`{text}`" for kind in self.expected if kind != END)

    def is_on_line_of(self, token: Token) -> bool:
        """Whether the token that does not fit is on the line on which an earlier one ends."""
        return "\n" not in self.text[token.end : self.token.start]

    def span(self, token: Token) -> Span:
        return Span(self.path, token.start, token.end)


def spelling(kind: str) -> str:
    """A terminal in words: a keyword or a sign as it is written."""
    tables = grammar_tables()
    for text, name in tables.keywords.items():
        if name == kind:
            return f"`{text}`"
    known = _KINDS.get(kind)
    return known if known is not None else f"`{dict(tables.terminals)[kind].replace(chr(92), '')}`"


_KINDS: Mapping[str, str] = {"STRING": "a string", "LITERAL": "a number", "SYMBOL": "a symbol"}
