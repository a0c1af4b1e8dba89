"""Codes of memory budgets: E07xx."""

from __future__ import annotations

from meltica_dsl.diagnostics.codes.code import Code, Example

CODES: tuple[Code, ...] = (
    Code(
        "E0701",
        "the pipeline takes more memory than its budget",
        """\
All memory of rings and inboxes is taken at the start and never grows. Their
sum is more than the `memory` that the pipeline allows itself. The message
lists the largest pieces, `meltica compile --emit budget` all of them.

Each edge of a route has a ring of its own, of as many events as its pool
says; and each provider one ring for each type of event, as large as the
largest pool behind it. A trade takes 64 bytes, a book of 10 levels 376.""",
        Example(
            """\
pipeline maker { memory = 1MiB }
pool market { events = 65_536, on_full = drop_oldest }""",
            """\
pipeline maker { memory = 64MiB }
pool market { events = 65_536, on_full = drop_oldest }""",
        ),
    ),
    Code(
        "E0702",
        "more symbols or providers than codes",
        """\
In records, symbols and providers are numbers of 16 bits, so a pipeline has at
most 65,536 of each. Split it into several.""",
    ),
)
