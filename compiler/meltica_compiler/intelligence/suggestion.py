"""What may be written at a place, offered to whoever writes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import Enum

from msgspec import Struct, field

from meltica_compiler.graph.graph import Graph
from meltica_compiler.intelligence.catalogue import Modules
from meltica_dsl.intelligence.occurrences import Index


class Shape(Enum):
    """What a suggestion is, for the symbol that an editor shows beside it."""

    KEYWORD = "keyword"
    DECLARATION = "declaration"
    STAGE = "stage"
    KEY = "key"
    CHOICE = "choice"
    FIELD = "field"
    CONSTANT = "constant"
    FUNCTION = "function"
    EVENT = "event"
    MODULE = "module"
    UNIT = "unit"
    VALUE = "value"
    OPERATOR = "operator"
    FILE = "file"


class Suggestion(Struct, frozen=True):
    """`insert` may hold places to fill in, `${1:like this}`. Those of a lower `rank` come first."""

    label: str
    shape: Shape
    detail: str = ""
    doc: str = ""
    insert: str = ""
    rank: int = 5

    @property
    def snippet(self) -> str:
        return self.insert or self.label

    @property
    def plain(self) -> str:
        """The text to insert where an editor knows no places to fill in."""
        return filled(self.snippet)


class Knowledge(Struct, frozen=True):
    """What is known besides the text at the cursor. `graph` is the last sound one, maybe of an older text;
    `texts` are those of the index's files, by path."""

    index: Index
    modules: Modules
    graph: Graph | None
    texts: Mapping[str, str] = field(default_factory=dict)


_PLACE = re.compile(r"\$\{\d+:([^{}]*)\}|\$\d+")


def filled(snippet: str) -> str:
    """A snippet with each place filled by what it proposes.

    >>> filled("pool ${1:name} { events = ${2:64} }$0")
    'pool name { events = 64 }'
    """
    return _PLACE.sub(lambda match: match[1] or "", snippet)


def words(texts: Iterable[str], shape: Shape, detail: str = "", rank: int = 5) -> tuple[Suggestion, ...]:
    return tuple(Suggestion(text, shape, detail, rank=rank) for text in texts)
