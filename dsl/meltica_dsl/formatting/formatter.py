"""`meltica fmt`: one canonical form, no options.

Formatting twice changes nothing more, comments survive, and the meaning stays what it was.
"""

from __future__ import annotations

from msgspec import Struct

from meltica_dsl import syntax
from meltica_dsl.diagnostics.diagnostic import Diagnostic, in_source_order
from meltica_dsl.formatting.declarations import declaration, one_line
from meltica_dsl.formatting.page import Page
from meltica_dsl.parse.parser import Parse, parse


class Formatted(Struct, frozen=True):
    """`text` is None when the file has syntax errors: what cannot be read is left as it is."""

    text: str | None
    diagnostics: tuple[Diagnostic, ...]


def format_source(path: str, text: str, parse: Parse = parse) -> Formatted:
    """The file in canonical form. Only its syntax is looked at."""
    parsed = parse(path, text)
    if parsed.diagnostics:
        return Formatted(None, in_source_order(parsed.diagnostics))
    page = Page(text, parsed.file.comments)
    before: syntax.Declaration | None = None
    is_short = False
    for node in parsed.file.declarations:
        # Only one-liners of a kind may stand together without an empty line.
        is_next_short = one_line(page, node) is not None
        if before is not None and not (is_short and is_next_short and type(before) is type(node)):
            page.part(before.span.end, node.span.start)
        declaration(page, node)
        before, is_short = node, is_next_short
    page.rest()
    return Formatted(page.text(), ())
