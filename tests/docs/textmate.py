"""Writes the colours of `.mel` files for editors, out of the language's own tables: run it by `make docs`.

A TextMate grammar knows no parser, so a keyword is coloured where it most likely is one. The expressions
keep to what Oniguruma and Python's `re` share, so that the tests can try them.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from meltica_dsl.intelligence.vocabulary import DECLARATIONS, FULL_POLICIES, STAGES
from meltica_dsl.intelligence.vocabulary import FUNCTIONS as CONSTANT_FUNCTIONS
from meltica_dsl.model.fields import EVENTS, SIDES
from meltica_dsl.parse.literals import DURATION_UNITS, SIZE_UNITS
from meltica_dsl.parse.tables import grammar_tables
from meltica_dsl.resolve.functions import FUNCTIONS

ROOT = Path(__file__).parents[2]
GRAMMAR = ROOT / "docs" / "editors" / "vscode" / "syntaxes" / "meltica.tmLanguage.json"

OPERATORS = ("and", "or", "not", "in")
CHOICES = ("if", "then", "else", "for")
TRUTHS = ("true", "false")
NAME = "[A-Za-z_][A-Za-z0-9_]*"

Pattern = dict[str, object]


def words(texts: Iterable[str]) -> str:
    """One expression for any of the words, whole, the longest first."""
    return rf"\b(?:{'|'.join(sorted(map(re.escape, texts), key=lambda text: (-len(text), text)))})\b"


def matched(scope: str, expression: str) -> Pattern:
    return {"name": f"{scope}.meltica", "match": expression}


def captured(expression: str, *scopes: str) -> Pattern:
    """A match whose groups have scopes of their own."""
    captures = {str(n): {"name": f"{scope}.meltica"} for n, scope in enumerate(scopes, start=1)}
    return {"match": expression, "captures": captures}


def number() -> str:
    """A number with its units: a duration of several parts, a rate, a size, or a ratio."""
    digits = r"[0-9][0-9_]*(?:\.[0-9_]+)?"
    time = "|".join(sorted(DURATION_UNITS, key=len, reverse=True))
    size = "|".join(sorted(SIZE_UNITS, key=len, reverse=True))
    unit = rf"/[0-9]*(?:{time})|{size}|bps|{time}|%"
    return rf"(?<![A-Za-z0-9_])({digits}(?:(?:{time})[0-9_.]+)*)({unit})?(?![A-Za-z0-9_])"


def connecting() -> list[str]:
    """The keywords that stand between the others: `via`, `within`, `expect` and the like."""
    others = {*DECLARATIONS, *STAGES, *OPERATORS, *CHOICES, *TRUTHS}
    return [word for word in grammar_tables().keywords if word not in others]


def patterns() -> list[Pattern]:
    """In the order in which they are tried."""
    events = [event.name for event in EVENTS]
    fields = {field.name for event in EVENTS for field in event.fields if not field.hidden}
    not_a_key = r"(?!\s*=(?!=))"
    symbol = dict(grammar_tables().terminals)["SYMBOL"]
    return [
        matched("comment.line.number-sign", "#.*$"),
        {
            "name": "string.quoted.double.meltica",
            "begin": '"',
            "end": '"|$',
            "patterns": [
                matched("constant.character.escape", r"\\."),
                matched("constant.other.placeholder", r"\{[a-z_]+\}"),
            ],
        },
        matched("constant.other.symbol", rf"(?<![A-Za-z0-9_]){symbol}"),
        captured(number(), "constant.numeric", "keyword.other.unit"),
        captured(rf"^\s*({words(DECLARATIONS)})\s+({NAME})", "keyword.declaration", "entity.name.type"),
        captured(rf"^\s*({words(DECLARATIONS)})(?=\s*\")", "keyword.declaration"),
        captured(rf"([|=])\s*({words(STAGES)}){not_a_key}", "keyword.operator", "keyword.control.stage"),
        captured(rf"({words([*CONSTANT_FUNCTIONS, *FUNCTIONS])})\s*(?=\()", "support.function"),
        captured(rf"({NAME})\s*(=)(?!=)", "variable.other.property", "keyword.operator.assignment"),
        captured(rf"({NAME})\s*(?=\{{)", "variable.other.property"),
        captured(rf"(\.)({words(events)})", "punctuation.accessor", "support.type.event"),
        matched("keyword.operator.word", words(OPERATORS)),
        matched("keyword.control.conditional", words(CHOICES)),
        matched("keyword.other", words(connecting())),
        matched("constant.language", words((*TRUTHS, *SIDES, *FULL_POLICIES))),
        matched("variable.language.field", words(fields)),
        matched("keyword.operator", r"->|==|!=|<=|>=|[-+*/%<>|]"),
    ]


def grammar() -> Mapping[str, object]:
    return {
        "name": "Meltica",
        "scopeName": "source.meltica",
        "fileTypes": ["mel"],
        "patterns": patterns(),
    }


def rendered() -> str:
    return json.dumps(grammar(), indent=2, ensure_ascii=False) + "\n"


def write() -> None:
    GRAMMAR.write_text(rendered(), "utf-8")


if __name__ == "__main__":
    sys.exit(write())
