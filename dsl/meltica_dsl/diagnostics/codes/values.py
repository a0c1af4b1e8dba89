"""Codes of values and settings: E03xx."""

from __future__ import annotations

from meltica_dsl.diagnostics.codes.code import Code, Example

CODES: tuple[Code, ...] = (
    Code(
        "E0301",
        "a value of the wrong type",
        """\
The setting wants another type of value. Names are written without quotes,
texts with them.""",
        Example(
            'provider paper { adapter = "fake", symbols = [BTC-USDT] }',
            "provider paper { adapter = fake, symbols = [BTC-USDT] }",
        ),
    ),
    Code(
        "E0302",
        "a number without its unit",
        """\
Where a duration, a size, a rate or a ratio is wanted, a bare number could
mean anything, so it means nothing.""",
        Example(
            "route trades via market = paper.trade | dedupe within 60 -> maker",
            "route trades via market = paper.trade | dedupe within 60s -> maker",
        ),
    ),
    Code(
        "E0303",
        "no such setting",
        """\
The declaration has no setting of this name. The message names the nearest
one, or all of them.""",
        Example(
            "provider paper { adapter = fake, symbols = [BTC-USDT], sead = 7 }",
            "provider paper { adapter = fake, symbols = [BTC-USDT], seed = 7 }",
        ),
    ),
    Code(
        "E0304",
        "a setting is missing",
        """\
This setting has no default, because none would be right for everyone. A pool
in particular has to say what happens when its reader falls behind.""",
        Example(
            "pool market { events = 1_024 }",
            "pool market { events = 1_024, on_full = drop_oldest }",
        ),
    ),
    Code(
        "E0305",
        "given twice",
        """\
A setting, or a value in a list, stands there twice. Which one was meant is
not ours to guess.""",
        Example(
            "pool market { events = 1_024, events = 4_096, on_full = block }",
            "pool market { events = 4_096, on_full = block }",
        ),
    ),
    Code(
        "E0306",
        "a value out of range",
        """\
The value has the right type, but no meaning at this size: a pool of no
events, a negative limit, a window of zero.""",
        Example(
            "pool market { events = 0, on_full = block }",
            "pool market { events = 1_024, on_full = block }",
        ),
    ),
    Code(
        "E0307",
        "not one of the possible values",
        """\
The setting takes one of a few names. The message lists them.""",
        Example(
            "pool market { events = 1_024, on_full = drop_old }",
            "pool market { events = 1_024, on_full = drop_oldest }",
        ),
    ),
    Code(
        "E0308",
        "a block where a value is wanted",
        """\
Inside braces there is one form, `key = value`, and an object is a value. Only
the `config` of a strategy may be written as a block.""",
        Example(
            "risk careful { kill_switch { after = 5 } }",
            "risk careful { kill_switch = { after = 5 } }",
        ),
    ),
    Code(
        "E0309",
        "a symbol in small letters",
        """\
A symbol is written `BASE-QUOTE`, in capitals and without spaces. In small
letters it reads as the subtraction of two names.""",
        Example(
            "provider paper { adapter = fake, symbols = [btc-usdt] }",
            "provider paper { adapter = fake, symbols = [BTC-USDT] }",
        ),
    ),
    Code(
        "E0310",
        "a text that has not the right form",
        """\
The selector of a strategy is `"name"`, `"name:tag"` or `"name@sha256:…"` with
64 hexadecimal digits. The name of a variable or a secret has letters, digits
and `_`.""",
        Example(
            'strategy pulse = "my logger" {}',
            'strategy pulse = "logger:latest" {}',
        ),
    ),
    Code(
        "E0311",
        "a value beyond the limits",
        """\
Numbers have at most 34 digits, durations at most ten years, a constant holds
at most 10,000 values. No pipeline needs more; what goes beyond is a slip of
the keyboard.""",
        Example(
            "let window = 20_000d",
            "let window = 20d",
        ),
    ),
    Code(
        "E0312",
        "an operation without a value",
        """\
The constants of this expression have no exact result: it divides by zero, or
has more digits than can be kept. Numbers here are exact decimals, never
rounded behind your back, except for quotients.""",
        Example(
            "let step = 1 / 0",
            "let step = 1 / 4",
        ),
    ),
)
