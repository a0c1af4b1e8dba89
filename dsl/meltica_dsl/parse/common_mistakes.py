"""The mistakes that people make who come from other languages, or type fast: what was meant, and the fix."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from meltica_dsl.diagnostics.diagnostic import Diagnostic, Edit, Fix, Label, replacement
from meltica_dsl.parse.lexer import END, Token
from meltica_dsl.parse.literals import DURATION_UNITS, SIZE_UNITS
from meltica_dsl.parse.syntax_context import Context
from meltica_dsl.text.source import Span

UNITS = frozenset({*DURATION_UNITS, *SIZE_UNITS, "bps"})

_QUOTES = ("'", "‘’‚‹›`´", "«»", "“”„")
"""What begins and ends a string in other languages, or in a word processor."""

_WORDS: Mapping[str, str] = {"&&": "and", "&": "and", "!": "not "}
_BARE_NUMBER = re.compile(r"[0-9][0-9_]*(\.[0-9][0-9_]*)?")
_THOUSANDS = re.compile(r"[0-9]{3}(?![0-9_.])[0-9A-Za-z/%]*")
_NAME = re.compile(r'"[A-Za-z_][A-Za-z0-9_]*"')


def common_mistake(context: Context) -> Diagnostic | None:
    """What was most likely meant, or None."""
    return next((found for look in _COMMON_MISTAKES if (found := look(context)) is not None), None)


def _colon(context: Context) -> Diagnostic | None:
    token = context.token
    if token.text != ":":
        return None
    following = context.text[token.end : token.end + 1]
    before = context.text[token.start - 1 : token.start]
    mark = "" if following == "=" else "=" if before.isspace() else " ="
    return _nothing(context, "a setting is written `key = value`", mark, "write `=`")


def _semicolon(context: Context) -> Diagnostic | None:
    """Between settings on one line a comma is meant; elsewhere nothing parts what follows."""
    token, following = context.token, context.after
    if token.text != ";":
        return None
    if following.kind != "NAME" or "\n" in context.text[token.end : following.start] or not context.opened:
        return _nothing(context, "nothing ends a line or a declaration: leave it out", "", "leave it out")
    return _nothing(context, "settings are parted by commas", ",", "write `,`")


def _boolean(context: Context) -> Diagnostic | None:
    word = _WORDS.get(context.token.text)
    if word is None:
        return None
    return _nothing(context, f"write `{word.strip()}`", word, f"write `{word.strip()}`")


def _double_bar(context: Context) -> Diagnostic | None:
    """`||`: the first bar passes for the beginning of a stage."""
    token, before = context.token, context.before
    if before is None or token.text != "|" or before.text != "|" or before.end != token.start:
        return None
    span = Span(context.path, before.start, token.end)
    fixes = (Fix("write `or`", (Edit(span, "or"),)),)
    return Diagnostic("E0103", "`||` means nothing here", span, help=("write `or`",), fixes=fixes)


def _unicode_arrow(context: Context) -> Diagnostic | None:
    if context.token.text not in ("→", "⟶", "⇒"):
        return None
    return _nothing(context, "an arrow is written `->`", "->", "write `->`")


def _nothing(context: Context, hint: str, replacement: str, title: str) -> Diagnostic:
    span = context.span(context.token)
    fixes = (Fix(title, (Edit(span, replacement),)),)
    return Diagnostic("E0103", f"`{context.token.text}` means nothing here", span, help=(hint,), fixes=fixes)


def _other_quotes(context: Context) -> Diagnostic | None:
    """A string in other quotes that cannot be read: it has no end, or holds what has to be escaped."""
    start, opening = context.token.start, context.token.text
    quotes = next((quotes for quotes in _QUOTES if opening and opening in quotes), None)
    if quotes is None:
        return None
    line_end = context.text.find("\n", start)
    line = context.text[start : line_end if line_end >= 0 else len(context.text)]
    closing = next((index for index in range(1, len(line)) if line[index] in quotes), None)
    if closing is None:
        span = Span(context.path, start, start + 1)
        hint = 'a string stands in straight double quotes: `"…"`'
        return Diagnostic("E0103", f"`{opening}` means nothing here", span, help=(hint,))
    return Diagnostic(
        "E0103",
        "a string stands in straight double quotes",
        Span(context.path, start, start + closing + 1),
        _quotes_label(opening),
        help=('write `"…"`, with `\\"` for a quote and `\\\\` for a backslash inside',),
    )


def misquoted(path: str, text: str, token: Token) -> Diagnostic | None:
    """`'text'` and `“text”`, which are read as strings nevertheless."""
    if token.kind != "STRING" or text[token.start] == text[token.end - 1] == '"':
        return None
    opening = text[token.start] if text[token.start] != '"' else text[token.end - 1]
    span = Span(path, token.start, token.end)
    return Diagnostic(
        "E0103",
        "a string stands in straight double quotes",
        span,
        _quotes_label(opening),
        help=(f"write `{token.text}`",),
        fixes=(replacement(span, token.text),),
    )


def _quotes_label(quote: str) -> str:
    return "in single quotes" if quote == "'" else "in typographic quotes"


def _foreign_comment(context: Context) -> Diagnostic | None:
    """`// …` and `/* … */` are comments elsewhere; two of these signs in a row mean nothing here."""
    at = context.token.start
    # After a value the first sign passes for a division.
    if context.before is not None and context.before.text == "/" and context.before.end == at:
        at -= 1
    sign = context.text[at : at + 2]
    if sign not in ("//", "/*"):
        return None
    span = Span(context.path, at, at + 2)
    is_line = sign == "//"
    return Diagnostic(
        "E0101",
        "a comment begins with `#`",
        span,
        help=("write `#`" if is_line else "write `#`, on each line of it",),
        fixes=(Fix("write `#`", (Edit(span, "#"),)),) if is_line else (),
    )


def _parted_unit(context: Context) -> Diagnostic | None:
    """`5 bps`: the number ends, and the unit is taken for the next thing."""
    return _unit_behind(context, context.position) or _unit_behind(context, context.position - 1)


def _unit_behind(context: Context, index: int) -> Diagnostic | None:
    """Between braces the unit passes for a key, and what comes after it does not fit."""
    if index <= context.begin:
        return None
    number, unit = context.tokens[index - 1], context.tokens[index]
    if unit.text not in UNITS or not _BARE_NUMBER.fullmatch(number.text):
        return None
    if "\n" in context.text[number.end : unit.start]:
        return None
    whole = f"{number.text}{unit.text}"
    gap = Span(context.path, number.end, unit.start)
    return Diagnostic(
        "E0106",
        "a unit stands right behind its number",
        Span(context.path, number.start, unit.end),
        "parted by a space",
        help=(f"write `{whole}`",),
        fixes=(Fix(f"write `{whole}`", (Edit(gap, ""),)),),
    )


def _thousands(context: Context) -> Diagnostic | None:
    """`1,000`, where there is no list. Between braces the comma fits, and what follows it does not."""
    return _digits_around(context, context.position) or _digits_around(context, context.position - 1)


def _digits_around(context: Context, index: int) -> Diagnostic | None:
    if not context.begin < index < len(context.tokens) - 1:
        return None
    before, comma, after = context.tokens[index - 1 : index + 2]
    if comma.text != "," or not (before.end == comma.start and comma.end == after.start):
        return None
    if not (_BARE_NUMBER.fullmatch(before.text) and _THOUSANDS.fullmatch(after.text)):
        return None
    whole = f"{before.text}_{after.text}"
    return Diagnostic(
        "E0106",
        "digits are grouped by `_`",
        Span(context.path, before.start, after.end),
        help=(f"write `{whole}`",),
        fixes=(Fix(f"write `{whole}`", (Edit(context.span(comma), "_"),)),),
    )


def _comparison(context: Context) -> Diagnostic | None:
    """`=`, `===` and `<>`."""
    token, before = context.token, context.before
    if token.kind == "EQUAL" and "COMPARE" in context.expected and not _in_braces(context):
        if context.text[token.end : token.end + 1] == ">":
            return None
        span, meant = context.span(token), "=="
        message = "`=` gives a value, it does not compare"
    elif before is not None and before.end == token.start and f"{before.text}{token.text}" in ("===", "<>"):
        span = Span(context.path, before.start, token.end)
        meant = "==" if token.text == "=" else "!="
        message = f"`{before.text}{token.text}` is written `{meant}`"
    else:
        return None
    return Diagnostic(
        "E0101",
        message,
        span,
        help=(f"write `{meant}`" + (" to compare" if token.kind == "EQUAL" else ""),),
        fixes=(replacement(span, meant),),
    )


def _in_braces(context: Context) -> bool:
    """Where `=` gives a value: between the braces of a declaration."""
    opened = context.opened
    return bool(opened) and opened[-1].text == "{"


def _misspelt_arrow(context: Context) -> Diagnostic | None:
    """`=> maker`, `> maker`, `- > maker`."""
    token, following, before = context.token, context.after, context.before
    start, end = token.start, token.end
    if context.keyword != "route" or context.has_arrow:
        return None
    if following.text == ">" and (
        (token.text == "=" and following.start == token.end) or (token.text == "-" and context.expects("->"))
    ):
        end = following.end
    elif token.text == ">" and before is not None and before.text == "-":
        start = before.start
    elif not (token.text == ">" and context.expects("->")):
        return None
    span = Span(context.path, start, end)
    return Diagnostic(
        "E0101",
        "an arrow is written `->`",
        span,
        help=("write `->`",),
        fixes=(Fix("write `->`", (Edit(span, "->"),)),),
    )


def misses_arrow(context: Context) -> bool:
    """`paper.trade maker`: what comes next is no declaration, so it is where the route leads."""
    token = context.token
    if context.keyword != "route" or context.has_arrow or token.kind != "NAME":
        return False
    if not context.expects("->") or token.text in context.beginnings:
        return False
    return not context.at_declaration or _ends_or_goes_on(context)


def _missing_arrow(context: Context) -> Diagnostic | None:
    token, before = context.token, context.before
    if before is None or not misses_arrow(context):
        return None
    gap = Span(context.path, token.start, token.start)
    return Diagnostic(
        "E0101",
        f"expected `->`, found `{token.text}`",
        context.span(token),
        "an arrow is missing before this",
        labels=(Label(context.span(before), "after this"),),
        help=(f"write `-> {token.text}`",),
        fixes=(Fix(f"write `-> {token.text}`", (Edit(gap, "-> "),)),),
    )


def _ends_or_goes_on(context: Context) -> bool:
    """Whether a list of targets could end behind this token, or have another behind it."""
    after = context.after
    return after.kind == END or after.text in (",", "[") or after.text in context.beginnings


def is_quoted_name(token: Token) -> bool:
    return token.kind == "STRING" and _NAME.fullmatch(token.text) is not None


def _quoted_name(context: Context) -> Diagnostic | None:
    """`provider "paper" {` and `{ "events" = 8 }`."""
    token = context.token
    if "NAME" not in context.expected or not is_quoted_name(token):
        return None
    if context.before is None or {"STRING", "LITERAL"} & context.expected:
        return None
    bare = token.text.strip('"')
    return Diagnostic(
        "E0101",
        "a name is written without quotes",
        context.span(token),
        help=(f"write `{bare}`",),
        fixes=(replacement(context.span(token), bare),),
    )


def _late_condition(context: Context) -> Diagnostic | None:
    """`sink tape = log {} if live`: what says whether and how often stands behind the name."""
    token = context.token
    name = context.tokens[context.begin + 1] if context.begin + 1 < context.position else None
    if token.text not in ("if", "for") or not context.at_declaration or name is None or name.kind != "NAME":
        return None
    if not context.before or not context.is_on_line_of(context.before):
        return None
    line_end = context.text.find("\n", token.start)
    end = line_end if line_end >= 0 else len(context.text)
    said = context.text[token.start : end].partition("#")[0].rstrip()
    behind = Span(context.path, name.end, name.end)
    moved = Span(context.path, context.before.end, token.start + len(said))
    form = f"{context.keyword} {name.text} {said} …"
    return Diagnostic(
        "E0101",
        f"`{token.text}` stands behind the name",
        context.span(token),
        "too late here",
        labels=(Label(context.span(name), "behind this"),),
        help=(f"write `{form}`",),
        fixes=(Fix(f"write `{form}`", (Edit(behind, f" {said}"), Edit(moved, ""))),),
    )


def _equals_before_block(context: Context) -> Diagnostic | None:
    """`pool market = {`: a declaration is followed by its braces."""
    token, following = context.token, context.after
    if token.kind != "EQUAL" or following.text != "{" or not context.expects("{") or context.opened:
        return None
    gap = Span(context.path, token.start, following.start)
    return Diagnostic(
        "E0101",
        f"no `=` stands between a {context.keyword} and its braces",
        context.span(token),
        help=("leave it out",),
        fixes=(Fix("leave the `=` out", (Edit(gap, ""),)),),
    )


_COMMON_MISTAKES: tuple[Callable[[Context], Diagnostic | None], ...] = (
    _colon,
    _semicolon,
    _boolean,
    _double_bar,
    _unicode_arrow,
    _other_quotes,
    _foreign_comment,
    _parted_unit,
    _thousands,
    _misspelt_arrow,
    _comparison,
    _missing_arrow,
    _quoted_name,
    _equals_before_block,
    _late_condition,
)
