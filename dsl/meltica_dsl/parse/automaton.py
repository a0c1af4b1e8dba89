"""The LALR(1) automaton: shifts tokens, reduces rules, and can tell what it would take next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from meltica_dsl.parse.builders import Builder
from meltica_dsl.parse.lexer import END, Token
from meltica_dsl.parse.tables import Tables
from meltica_dsl.text.source import Span

MAX_STACK = 600
"""States on the stack. Six for each of the 100 levels that an expression may be nested."""


class Automaton:
    """One parse: `feed` it tokens until one does not fit."""

    def __init__(self, tables: Tables, builder: Builder) -> None:
        self._tables = tables
        self._path = builder.path
        self._builders: dict[str, Callable[[list[Any], Span], object]] = {
            rule.builder: getattr(builder, rule.builder)
            for rule in tables.rules
            if not rule.is_repetition and not rule.passes_single_child
        }
        self._passing = [rule.origin if rule.passes_single_child else None for rule in tables.rules]
        """For rules that hand their only part on: the symbol that it becomes."""
        self._states = [tables.start]
        self._values: list[tuple[Any, int, int]] = []

    def reset(self) -> None:
        """Back to where a declaration may begin."""
        self._states = [self._tables.start]
        self._values = []

    @property
    def depth(self) -> int:
        return len(self._states)

    def kind_of(self, token: Token) -> str:
        """The token's kind: a keyword where one can stand, otherwise a name."""
        if token.kind == "NAME":
            keyword = self._tables.keywords.get(token.text)
            if keyword is not None and self.accepts(keyword):
                return keyword
        return token.kind

    def feed(self, token: Token) -> bool:
        """Shifts the token, and says whether it could. If not, all that can follow is a look at what was
        `expected` and a `reset`: what was read of the declaration is gone.

        Raises:
            TooDeep: a node is nested beyond the limit.
        """
        kind = self.kind_of(token)
        states, table = self._states, self._tables.states
        # LALR lookaheads are merged, so an automaton may reduce before it sees that a token does not fit. The
        # states are put back then, for `expected` to look at; the values that were reduced are not.
        before = states[:]
        while True:
            action = table[states[-1]].get(kind)
            if action is None:
                states[:] = before
                return False
            if action >= 0:
                states.append(action)
                self._values.append((token, token.start, token.end))
                return True
            origin = self._passing[-1 - action]
            if origin is None:
                self._reduce(-1 - action)
            else:
                # Most reductions: an operand climbs through the levels of precedence unchanged.
                states[-1] = table[states[-2]][origin]
            if kind == END and states[-1] == self._tables.end:
                return True

    def accepts(self, kind: str) -> bool:
        """Whether a token of this kind could be shifted now, tried on a copy of the stack."""
        tables, states = self._tables, self._states
        # `depth` is how much of the stack still counts, `extra` what reductions push on it: after an error
        # each terminal is tried, and a copy of a deep stack for each would cost more than the whole parse.
        depth, extra = len(states), list[int]()
        while True:
            state = extra[-1] if extra else states[depth - 1]
            action = tables.states[state].get(kind)
            if action is None:
                return False
            if action >= 0:
                return True
            rule = tables.rules[-1 - action]
            for _ in rule.kept:
                if extra:
                    extra.pop()
                else:
                    depth -= 1
            state = extra[-1] if extra else states[depth - 1]
            extra.append(tables.states[state][rule.origin])
            if kind == END and extra[-1] == tables.end:
                return True

    def expected(self) -> frozenset[str]:
        """Every terminal that could be shifted now."""
        names = {name for name, _ in self._tables.terminals} | set(self._tables.keywords.values()) | {END}
        return frozenset(name for name in names if self.accepts(name))

    def _reduce(self, number: int) -> None:
        rule = self._tables.rules[number]
        size = len(rule.kept)
        parts = self._values[-size:] if size else []
        # What is empty stands right behind what came before it, so that it widens no place.
        here = self._values[-1][2] if self._values else 0
        start, end = (parts[0][1], parts[-1][2]) if parts else (here, here)
        values = [part[0] for part, kept in zip(parts, rule.kept, strict=True) if kept]
        value = self._build(rule.builder, values, start, end, rule.is_repetition)
        del self._values[len(self._values) - size :]
        self._values.append((value, start, end))
        del self._states[len(self._states) - size :]
        self._states.append(self._tables.states[self._states[-1]][rule.origin])

    def _build(self, builder: str, values: list[Any], start: int, end: int, is_repetition: bool) -> object:
        if is_repetition:
            return _extended(values)
        return self._builders[builder](_flat(values), Span(self._path, start, end))


class _Items(list[Any]):
    """What a repetition has collected so far."""


def _extended(values: list[Any]) -> _Items:
    """A repetition is left recursive: its own list comes first and grows in place, which keeps a list
    of n items at n steps."""
    if values and type(values[0]) is _Items:
        values[0].extend(values[1:])
        return values[0]
    return _Items(values)


def _flat(values: list[Any]) -> list[Any]:
    if not any(type(value) is _Items for value in values):
        return values
    return [item for value in values for item in (value if type(value) is _Items else (value,))]
