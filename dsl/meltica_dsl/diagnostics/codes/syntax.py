"""Codes of lexing and syntax: E01xx."""

from __future__ import annotations

from meltica_dsl.diagnostics.codes.code import Code, Example

CODES: tuple[Code, ...] = (
    Code(
        "E0101",
        "something else was expected here",
        """\
The text does not fit the grammar at the marked place. The message says what
could stand there.

Inside braces there is one form, `key = value`, one a line or parted by
commas. Items of lists are parted by commas. `=` gives a value, `==` compares.
Line breaks mean nothing.""",
        Example(
            "pool market { events 65_536, on_full = block }",
            "pool market { events = 65_536, on_full = block }",
        ),
    ),
    Code(
        "E0102",
        "the file ends, or the next declaration begins, too early",
        """\
A bracket is never closed, or a declaration is not finished. The bracket that
is open is marked.""",
        Example(
            """\
pool market { events = 65_536, on_full = block
risk careful { max_position = 2 }""",
            """\
pool market { events = 65_536, on_full = block }
risk careful { max_position = 2 }""",
        ),
    ),
    Code(
        "E0103",
        "a character that means nothing",
        """\
The language has no use for this character outside of strings and comments.

Comments begin with `#`, strings stand in straight double quotes, conditions
are joined by `and`, `or` and `not`.""",
        Example(
            "pool market { events: 65_536, on_full = block }",
            "pool market { events = 65_536, on_full = block }",
        ),
    ),
    Code(
        "E0104",
        "a string without its closing quote",
        r"""A string ends on the line that it begins on. A line break inside a string is
written `\n`.""",
        Example(
            'sink tape = parquet { path = "data/tape.parquet }',
            'sink tape = parquet { path = "data/tape.parquet" }',
        ),
    ),
    Code(
        "E0105",
        "an escape that means nothing",
        r"""A backslash in a string begins an escape: `\"`, `\\`, `\n`, `\t`, `\r`, or
`\u{…}` with the number of a character in hexadecimal. A backslash itself is
written `\\`.""",
        Example(
            r'let folder = "C:\ape"',
            r'let folder = "C:\\ape"',
        ),
    ),
    Code(
        "E0106",
        "a number or unit that means nothing",
        """\
Units are part of a number and stand right behind it.

    time      ns us ms s m h d, also joined: 1m30s
    memory    B KiB MiB GiB TiB
    ratio     2% 5bps
    rate      5/s 1_000/1m

Digits are grouped by single `_`, and numbers are written out: there is no
scientific notation.""",
        Example(
            "let window = 5sec",
            "let window = 5s",
        ),
    ),
    Code(
        "E0107",
        "nested too deeply",
        """\
An expression is nested deeper than the limit. Long chains of `or` are best
written as membership:

    where symbol in [BTC-USDT, ETH-USDT, SOL-USDT]

Parts of a large expression can be named with `let`.""",
        Example(
            f"let deep = {101 * '('}1{101 * ')'}",
            "let deep = 1",
        ),
    ),
    Code(
        "E0108",
        "a word that begins no declaration",
        """\
A file is a list of declarations, and each begins with its keyword:
`pipeline`, `import`, `let`, `provider`, `pool`, `route`, `strategy`, `risk`,
`sink`, `stage`, `place`, `test`.""",
        Example(
            'stategy maker = "noop" {}',
            'strategy maker = "noop" {}',
        ),
    ),
)
