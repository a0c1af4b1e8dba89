"""Codes of lexing and syntax: E01xx."""

from __future__ import annotations

from meltica_dsl.codes.code import Code

CODES: tuple[Code, ...] = (
    Code(
        "E0101",
        "something else was expected here",
        """\
The text does not fit the grammar at the marked place. The message says what
could stand there.

Wrong:
    pool market { events 65_536 }
Right:
    pool market { events = 65_536 }

Inside braces there is one form, `key = value`, one a line or parted by
commas. Items of lists are parted by commas. `=` gives a value, `==` compares.
Line breaks mean nothing.""",
    ),
    Code(
        "E0102",
        "the file ends, or the next declaration begins, too early",
        """\
A bracket is never closed, or a declaration is not finished. The bracket that
is open is marked.

Wrong:
    pool market { events = 65_536
    risk careful { max_position = 2 }
Right:
    pool market { events = 65_536 }
    risk careful { max_position = 2 }""",
    ),
    Code(
        "E0103",
        "a character that means nothing",
        """\
The language has no use for this character outside of strings and comments.

Wrong:
    pool market { events: 65_536; }
Right:
    pool market { events = 65_536 }

Comments begin with `#`, strings stand in straight double quotes, conditions
are joined by `and`, `or` and `not`.""",
    ),
    Code(
        "E0104",
        "a string without its closing quote",
        r"""A string ends on the line that it begins on. A line break inside a string is
written `\n`.

Wrong:
    sink tape = parquet { path = "data/tape.parquet }
Right:
    sink tape = parquet { path = "data/tape.parquet" }""",
    ),
    Code(
        "E0105",
        "an escape that means nothing",
        r"""A backslash in a string begins an escape: `\"`, `\\`, `\n`, `\t`, `\r`, or
`\u{…}` with the number of a character in hexadecimal. A backslash itself is
written `\\`.

Wrong:
    let folder = "C:\tape"
Right:
    let folder = "C:\\tape" """,
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
scientific notation.

Wrong:
    let window = 5sec
Right:
    let window = 5s""",
    ),
    Code(
        "E0107",
        "nested too deeply",
        """\
An expression is nested deeper than the limit. Long chains of `or` are best
written as membership:

    where symbol in [BTC-USDT, ETH-USDT, SOL-USDT]

Parts of a large expression can be named with `let`.""",
    ),
    Code(
        "E0108",
        "a word that begins no declaration",
        """\
A file is a list of declarations, and each begins with its keyword:
`pipeline`, `import`, `let`, `provider`, `pool`, `route`, `strategy`, `risk`,
`sink`, `stage`, `place`, `test`.

Wrong:
    stategy maker = "noop" {}
Right:
    strategy maker = "noop" {}""",
    ),
    Code(
        "E0109",
        "not supported by this version",
        """\
The language has this, and `meltica fmt` formats it, but this version cannot
run it yet. It says so instead of doing something else.""",
    ),
)
