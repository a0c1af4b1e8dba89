"""What was probably meant by a name that is not declared, and what is declared."""

from __future__ import annotations

from meltica_dsl.diagnostics.diagnostic import Fix, replacements
from meltica_dsl.text.source import Span
from meltica_dsl.text.suggest import nearest


def did_you_mean(name: str, known: list[str]) -> tuple[str, ...]:
    likely = nearest(name, known)
    return (f"did you mean `{likely}`?",) if likely else ()


def misspelling_fixes(name: str, span: Span, known: list[str]) -> tuple[Fix, ...]:
    likely = nearest(name, known)
    return replacements(span, likely)


_LISTED = 8
"""Names that a help lists. A longer list helps nobody."""


def listing(known: list[str], phrase: str) -> tuple[str, ...]:
    if not known:
        return (f"declare {phrase}",)
    shown = ", ".join(f"`{name}`" for name in known[:_LISTED])
    return (f"declared are {shown}{' …' if len(known) > _LISTED else ''}",)
