"""Codes of values and settings: E03xx."""

from __future__ import annotations

from meltica_dsl.codes.code import Code

CODES: tuple[Code, ...] = (
    Code(
        "E0301",
        "a value of the wrong type",
        """\
The setting wants another type of value. Names are written without quotes,
texts with them.

Wrong:
    provider paper { adapter = "fake", symbols = BTC-USDT }
Right:
    provider paper { adapter = fake, symbols = [BTC-USDT] }""",
    ),
    Code(
        "E0302",
        "a number without its unit",
        """\
Where a duration, a size, a rate or a ratio is wanted, a bare number could
mean anything, so it means nothing.

Wrong:
    dedupe within 60
Right:
    dedupe within 60s""",
    ),
    Code(
        "E0303",
        "no such setting",
        """\
The declaration has no setting of this name. The message names the nearest
one, or all of them.

Wrong:
    pool market { event = 1_024, on_full = block }
Right:
    pool market { events = 1_024, on_full = block }""",
    ),
    Code(
        "E0304",
        "a setting is missing",
        """\
This setting has no default, because none would be right for everyone. A pool
in particular has to say what happens when its reader falls behind.

Wrong:
    pool market { events = 1_024 }
Right:
    pool market { events = 1_024, on_full = drop_oldest }""",
    ),
    Code(
        "E0305",
        "given twice",
        """\
A setting, or a value in a list, stands there twice. Which one was meant is
not ours to guess.""",
    ),
    Code(
        "E0306",
        "a value out of range",
        """\
The value has the right type, but no meaning at this size: a pool of no
events, a negative limit, a window of zero.""",
    ),
    Code(
        "E0307",
        "not one of the possible values",
        """\
The setting takes one of a few names. The message lists them.

Wrong:
    pool market { events = 1_024, on_full = drop_old }
Right:
    pool market { events = 1_024, on_full = drop_oldest }""",
    ),
    Code(
        "E0308",
        "a block where a value is wanted",
        """\
Inside braces there is one form, `key = value`, and an object is a value. Only
the `config` of a strategy may be written as a block.

Wrong:
    risk careful { kill_switch { after = 5 } }
Right:
    risk careful { kill_switch = { after = 5 } }""",
    ),
    Code(
        "E0309",
        "a symbol in small letters",
        """\
A symbol is written `BASE-QUOTE`, in capitals and without spaces. In small
letters it reads as the subtraction of two names.

Wrong:
    symbols = [btc-usdt]
Right:
    symbols = [BTC-USDT]""",
    ),
    Code(
        "E0310",
        "a text that has not the right form",
        """\
The selector of a strategy is `"name"`, `"name:tag"` or `"name@sha256:…"` with
64 hexadecimal digits. The name of a variable or a secret has letters, digits
and `_`.

Wrong:
    strategy maker = "market making" {}
Right:
    strategy maker = "market-making:latest" {}""",
    ),
    Code(
        "E0311",
        "a value beyond the limits",
        """\
Numbers have at most 34 digits, durations at most ten years, a constant holds
at most 10,000 values. No pipeline needs more; what goes beyond is a slip of
the keyboard.""",
    ),
    Code(
        "E0312",
        "an operation without a value",
        """\
The constants of this expression have no exact result: it divides by zero, or
has more digits than can be kept. Numbers here are exact decimals, never
rounded behind your back, except for quotients.

Wrong:
    let step = 1 / 0""",
    ),
)
