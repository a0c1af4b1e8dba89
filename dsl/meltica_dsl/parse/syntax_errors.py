"""What to say when a token does not fit: the common mistake if it is one, else what could stand there."""

from __future__ import annotations

from collections.abc import Mapping

from meltica_dsl.diagnostics.diagnostic import Diagnostic, Edit, Fix, Label, replacement, replacements
from meltica_dsl.parse.builders import MAX_DEPTH
from meltica_dsl.parse.common_mistakes import common_mistake
from meltica_dsl.parse.lexer import END, UNKNOWN, UNTERMINATED, Token
from meltica_dsl.parse.syntax_context import CLOSING, Context, spelling
from meltica_dsl.parse.tables import grammar_tables
from meltica_dsl.text.source import Span
from meltica_dsl.text.suggest import nearest

_VALUE_KINDS = frozenset({"LITERAL", "SYMBOL", "STRING", "NAME", "LSQB", "LBRACE"})
_VALUE_STARTS = _VALUE_KINDS | {"TRUE", "FALSE", "LPAR", "MINUS", "NOT", "IF"}
_OPERATORS = frozenset(
    {"OR", "AND", "NOT", "COMPARE", "IN", "PLUS", "MINUS", "STAR", "SLASH", "PERCENT", "LPAR", "DOT"}
)
_STAGES = frozenset({"WHERE", "DEDUPE", "SAMPLE", "CONFLATE", "THROTTLE", "DEPTH", "KLINE", "MERGE"})
_MODIFIERS = frozenset({"FOR", "IF"})

_FORMS: Mapping[str, str] = {
    "pipeline": "pipeline NAME { memory = 256MiB, latency = 2ms }",
    "import": 'import "file.mel"',
    "let": "let NAME = value",
    "provider": "provider NAME { adapter = fake, symbols = [BTC-USDT] }",
    "pool": "pool NAME { events = 65_536, on_full = drop_oldest }",
    "route": "route NAME via POOL = provider.event | where … -> strategy",
    "strategy": 'strategy NAME = "selector" { trade_on = provider, risk = NAME }',
    "risk": "risk NAME { max_position = 2, order_throttle = 5/s }",
    "sink": 'sink NAME = parquet { path = "…" }',
    "stage": "stage NAME(parameter) = where … | dedupe within 60s",
    "place": "place NAME { nodes = [route] }",
    "test": 'test "title" { at 0ms provider.event { … } expect strategy receives nothing }',
}

_HINTS: Mapping[str, str] = {
    "$": 'a value from the environment is written `env("NAME")`',
}


def begins_declaration(
    text: str, tokens: tuple[Token, ...], position: int, beginnings: Mapping[str, str]
) -> bool:
    """Whether a declaration most likely begins here: its keyword is the first word of its line, and what
    it declares follows. A guess for going on after an error, never part of the grammar."""
    token = tokens[position]
    if token.text not in beginnings or tokens[position + 1].kind not in ("NAME", "STRING"):
        return False
    return begins_line(text, token)


def begins_line(text: str, token: Token) -> bool:
    line_start = text.rfind("\n", 0, token.start) + 1
    return not text[line_start : token.start].strip(" \t\r\f\ufeff")


def unexpected(context: Context) -> Diagnostic:
    return (
        common_mistake(context)
        or _unreadable(context)
        or _unclosed(context)
        or _unfinished(context)
        or _stray_closing(context)
        or _misspelt_stage(context)
        or _unknown_declaration(context)
        or _missing_punctuation(context)
        or _anything_else(context)
    )


def too_deep(span: Span) -> Diagnostic:
    return Diagnostic(
        "E0107",
        f"this is nested deeper than {MAX_DEPTH} levels",
        Span(span.path, span.start, min(span.end, span.start + 1)),
        help=("name a part of it with `let`, or test membership with `in [...]`",),
    )


def too_long(path: str, limit: int) -> Diagnostic:
    return Diagnostic(
        "E0905", f"the file is longer than {limit} characters", Span(path, 0, 0), help=("split the pipeline",)
    )


def _unreadable(context: Context) -> Diagnostic | None:
    token = context.token
    if token.kind == UNTERMINATED:
        return Diagnostic(
            "E0104",
            "this string has no closing quote on its line",
            Span(context.path, token.start, token.start + 1),
            "begins here",
            help=('end it with `"`; a line break inside a string is written `\\n`',),
        )
    if token.kind != UNKNOWN:
        return None
    hint = _HINTS.get(token.text, "")
    if not hint and token.text[0].isalpha():
        hint = "names are written in the letters a to z, digits and `_`"
    shown = token.text if token.text.isprintable() else f"U+{ord(token.text[0]):04X}"
    return Diagnostic(
        "E0103",
        f"`{shown}` means nothing here",
        context.span(token),
        help=(hint,) if hint else (),
    )


def _unclosed(context: Context) -> Diagnostic | None:
    opened = context.opened
    if not opened:
        return None
    next_begins = any(
        index > context.begin
        and index + 1 < len(context.tokens)
        and begins_declaration(context.text, context.tokens, index, context.beginnings)
        for index in (context.position - 1, context.position)
    )
    if context.token.kind != END and not next_begins:
        return None
    bracket = opened[-1]
    where = "the file ends" if context.token.kind == END else "the next declaration begins"
    return Diagnostic(
        "E0102",
        f"this `{bracket.text}` is never closed",
        context.span(bracket),
        f"no `{CLOSING[bracket.text]}` before {where}",
        help=(f"close it with `{CLOSING[bracket.text]}`",),
    )


def _unfinished(context: Context) -> Diagnostic | None:
    """`let a =`, and the keyword of the next declaration is taken for what is missing."""
    index = context.position - 1
    if index <= context.begin or not begins_declaration(
        context.text, context.tokens, index, context.beginnings
    ):
        return None
    last = context.tokens[index - 1]
    form = _FORMS.get(context.tokens[context.begin].text)
    return Diagnostic(
        "E0102",
        f"something is missing after `{last.text}`",
        context.span(last),
        "the next declaration begins after this",
        help=(f"the form is `{form}`",) if form else (),
    )


def _stray_closing(context: Context) -> Diagnostic | None:
    token = context.token
    if token.text not in CLOSING.values() or context.opened:
        return None
    return Diagnostic(
        "E0101",
        f"this `{token.text}` closes nothing",
        context.span(token),
        fixes=(Fix(f"remove the `{token.text}`", (Edit(context.span(token), ""),)),),
    )


def _unknown_declaration(context: Context) -> Diagnostic | None:
    token = context.token
    if not context.at_declaration or token.kind != "NAME":
        return None
    likely = nearest(token.text, context.beginnings)
    known = ", ".join(f"`{word}`" for word in context.beginnings)
    return Diagnostic(
        "E0108",
        f"`{token.text}` begins no declaration",
        context.span(token),
        help=(f"did you mean `{likely}`?",) if likely else (f"a declaration begins with {known}",),
        fixes=replacements(context.span(token), likely),
    )


def _misspelt_stage(context: Context) -> Diagnostic | None:
    """`| dept 20`: a word that names no stage is read as the call of a named one, and what follows it
    does not fit."""
    before = context.before
    if before is None or before.kind != "NAME" or not {"VBAR", "LPAR"} <= context.expected:
        return None
    if context.at_declaration and "\n" in context.text[before.end : context.token.start]:
        return None
    stages = [text for text, kind in grammar_tables().keywords.items() if kind in _STAGES]
    likely = nearest(before.text, stages)
    if likely is None:
        return None
    return Diagnostic(
        "E0212",
        f"there is no stage called `{before.text}`",
        context.span(before),
        "not a stage",
        help=(f"did you mean `{likely}`?",),
        fixes=(replacement(context.span(before), likely),),
    )


def _missing_punctuation(context: Context) -> Diagnostic | None:
    """A value right after a key, or after another value of a list."""
    token, before = context.token, context.before
    if before is None or token.kind not in _VALUE_KINDS:
        return None
    if "EQUAL" in context.expected and "LBRACE" in context.expected and before.kind == "NAME":
        mark, index = "=", "after this key"
    elif "COMMA" in context.expected and not context.at_declaration:
        mark, index = ",", "after this value"
    else:
        return None
    gap = Span(context.path, before.end, before.end)
    return Diagnostic(
        "E0101",
        f"expected `{mark}`, found {_found(context)}",
        context.span(token),
        f"a `{mark}` is missing before this",
        labels=(Label(context.span(before), index),),
        fixes=(Fix(f"insert `{mark}`", (Edit(gap, " =" if mark == "=" else mark),)),),
    )


def _anything_else(context: Context) -> Diagnostic:
    keyword = context.tokens[context.begin].text
    form = _FORMS.get(keyword) if not context.at_declaration else None
    code = "E0102" if context.token.kind == END else "E0101"
    hint = f"the form is `{form}`" if form else ""
    if context.at_declaration and context.token.text == "{":
        hint = "`meltica convert` reads the JSON form of a pipeline"
    return Diagnostic(
        code,
        f"expected {_wanted(context)}, found {_found(context)}",
        context.span(context.token),
        help=(hint,) if hint else (),
    )


def _found(context: Context) -> str:
    if context.token.kind == END:
        return "the end of the file"
    text = context.token.text
    return f"`{text if len(text) <= 40 else text[:39] + '…'}`"


def _wanted(context: Context) -> str:
    """What could stand here, in words: the few groups first, then single marks."""
    left = set(context.expected)
    words: list[str] = []
    if {"LITERAL", "LSQB"} <= left:
        words.append("a value")
        left -= _VALUE_STARTS
    if "WHERE" in left:
        words.append("a stage")
        left -= _STAGES | {"NAME"}
    if context.at_declaration:
        words.append("a declaration")
        left -= {*context.beginnings.values(), "IF", END}
    if "PLUS" in left:
        words.append("an operator")
        left -= _OPERATORS
    if "NAME" in left:
        words.append("a name")
        left.discard("NAME")
    if left - _MODIFIERS:
        left -= _MODIFIERS
    words += sorted(spelling(kind) for kind in left if kind != END)
    return _either(words)


def _either(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
