"""Which kind of thing may stand at the cursor, told from the tokens of the declaration in hand."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from msgspec import Struct

from meltica_dsl.intelligence.cursor import Cursor
from meltica_dsl.parse.lexer import Token


class Role(Enum):
    DECLARATION = "a keyword that begins a declaration"
    NEW_NAME = "a name that is being given"
    KEY = "a key of a block"
    VALUE = "a value"
    POOL = "a pool"
    SOURCE = "a provider or a route"
    EVENT = "an event of a provider"
    STAGE = "a stage"
    OPERAND = "a part of a condition"
    OPERATOR = "an operator of a condition"
    AMOUNT = "what a stage takes"
    TARGET = "a strategy or a sink"
    SELECTOR = "a strategy's module"
    SINK_KIND = "a kind of sink"
    SYMBOL_WORD = "the word `symbol`"
    STEP = "a step of a test"
    FAULT = "what goes wrong with a provider"
    PROVIDER = "a provider"
    EXPECTED = "what a test expects"
    FILE = "a path of a file"
    INDEX = "which of a family is meant"
    OTHER = "whatever the grammar wants"


class CompletionContext(Struct, frozen=True):
    """`keys` lead from the block to the object in hand, `key` is whose value stands at the cursor, `stage`
    the stage in hand. `beside` is what an operand is compared with, "" where there is nothing."""

    role: Role
    keys: tuple[str, ...] = ()
    key: str = ""
    stage: str = ""
    beside: str = ""
    in_list: bool = False


_ENDS = frozenset({"NAME", "LITERAL", "SYMBOL", "STRING", "RBRACE", "RSQB", "RPAR"})
"""Kinds of tokens that a value may end with."""

_WORD_OPERATORS = frozenset({"and", "or", "not", "in", "then", "else", "if"})
_OPEN, _CLOSE = frozenset("{[("), frozenset("}])")


def completion_context(cursor: Cursor) -> CompletionContext:
    """What may stand at the cursor.

    >>> from meltica_dsl.intelligence.cursor import cursor_at
    >>> def role(text): return completion_context(cursor_at("a.mel", text, len(text))).role.name
    >>> role("route x via "), role("route x via m = p.trade | wh"), role("pool m { on_full = ")
    ('POOL', 'STAGE', 'VALUE')
    """
    tokens = cursor.tokens
    if not tokens:
        return CompletionContext(Role.DECLARATION)
    opened = _opened(tokens)
    if opened and _is_index(tokens, opened[-1]):
        return CompletionContext(Role.INDEX, key=tokens[opened[-1] - 1].text)
    inner = _innermost(tokens, opened)
    if inner is not None and tokens[inner].text == "{":
        return _in_block(tokens, inner)
    match cursor.keyword:
        case "route" | "stage":
            return _in_flow(tokens)
        case "import":
            return CompletionContext(Role.FILE)
        case _:
            return _before_block(tokens, inner)


def _opened(tokens: Sequence[Token]) -> list[int]:
    """The brackets that are open at the end, the innermost last."""
    opened: list[int] = []
    for index, token in enumerate(tokens):
        if token.text in _OPEN:
            opened.append(index)
        elif token.text in _CLOSE and opened:
            opened.pop()
    return opened


def _is_index(tokens: Sequence[Token], index: int) -> bool:
    """`maker[`: a bracket right behind a name. One behind an operator or `=` begins a list."""
    before = tokens[index - 1] if index else None
    return (
        tokens[index].text == "["
        and before is not None
        and before.kind == "NAME"
        and before.text not in _WORD_OPERATORS
    )


def _innermost(tokens: Sequence[Token], opened: list[int]) -> int | None:
    """The bracket that decides what stands at the end."""
    # A value may be a list within the block: what counts for roles is the block around it.
    while opened and tokens[opened[-1]].text != "{" and any(tokens[p].text == "{" for p in opened):
        opened.pop()
    return opened[-1] if opened else None


def _before_block(tokens: Sequence[Token], inner: int | None) -> CompletionContext:
    keyword = tokens[0].text
    texts = [token.text for token in tokens]
    if len(tokens) == 1:
        return CompletionContext(Role.OTHER if keyword == "test" else Role.NEW_NAME)
    if "=" in texts:
        given = len(tokens) > texts.index("=") + 1 and inner is None and _ends_value(tokens)
        if given and keyword != "let":
            return CompletionContext(Role.OTHER)
        roles = {"strategy": Role.SELECTOR, "sink": Role.SINK_KIND}
        return CompletionContext(Role.OPERATOR if given else roles.get(keyword, Role.VALUE))
    if texts[-1] in ("in", "if") or inner is not None:
        return CompletionContext(Role.VALUE)
    return CompletionContext(Role.NEW_NAME if texts[-1] == "for" else Role.OTHER)


def _in_block(tokens: Sequence[Token], inner: int) -> CompletionContext:
    if tokens[0].text == "test":
        return _in_test(tokens, inner)
    keys = _keys_to(tokens, inner)
    segment = tokens[inner + 1 :]
    listed = _open_list(segment)
    if listed is not None:
        is_list = segment[listed].text == "["
        return CompletionContext(Role.VALUE, keys, _key_before(segment[:listed]), in_list=is_list)
    if segment and segment[-1].text == "=":
        return CompletionContext(Role.VALUE, keys, _key_before(segment))
    if segment and segment[-1].text != "," and not _ends_value(segment):
        return CompletionContext(Role.VALUE, keys, _key_before(segment))
    if segment and segment[-1].kind == "NAME" and (len(segment) == 1 or _ends_entry(segment[:-1])):
        return CompletionContext(Role.OTHER, keys)
    return CompletionContext(Role.KEY, keys)


def _keys_to(tokens: Sequence[Token], inner: int) -> tuple[str, ...]:
    """Keys whose objects are open at `inner`, the declaration's own block left out."""
    opened: list[int] = []
    for index in range(inner + 1):
        if tokens[index].text == "{":
            opened.append(index)
        elif tokens[index].text == "}" and opened:
            opened.pop()
    keys = []
    for index in opened[1:]:
        key = index - 2 if tokens[index - 1].text == "=" else index - 1
        keys.append(tokens[key].text)
    return tuple(keys)


def _open_list(segment: Sequence[Token]) -> int | None:
    opened = _opened(segment)
    return opened[0] if opened else None


def _key_before(segment: Sequence[Token]) -> str:
    """The key whose value the segment ends in."""
    depth = 0
    for index in range(len(segment) - 1, 0, -1):
        text = segment[index].text
        depth += (text in _CLOSE) - (text in _OPEN)
        if text == "=" and depth == 0:
            return segment[index - 1].text
    return ""


def _ends_value(tokens: Sequence[Token]) -> bool:
    last = tokens[-1]
    return last.kind in _ENDS and last.text not in _WORD_OPERATORS


def _ends_entry(segment: Sequence[Token]) -> bool:
    return segment[-1].text == "," or _ends_value(segment)


def _in_flow(tokens: Sequence[Token]) -> CompletionContext:
    """Within a route or a stage: what the last of its marks says."""
    depth, marks = 0, list[int]()
    texts = [token.text for token in tokens]
    for index, text in enumerate(texts):
        depth += (text in _OPEN) - (text in _CLOSE)
        if depth == 0 and text in ("via", "=", "|", "->") and index > 1:
            marks.append(index)
    if not marks:
        return CompletionContext(Role.NEW_NAME if len(tokens) == 1 or tokens[-1].text in "(," else Role.OTHER)
    mark, segment = texts[marks[-1]], tokens[marks[-1] + 1 :]
    match mark:
        case "via":
            return CompletionContext(Role.OTHER if segment else Role.POOL)
        case "->":
            return CompletionContext(Role.TARGET if not segment or segment[-1].text == "," else Role.OTHER)
        case "=" if texts[0] == "route":
            return _in_sources(segment)
        case _:
            return _in_stage(segment)


def _in_sources(segment: Sequence[Token]) -> CompletionContext:
    if not segment or segment[-1].text == ",":
        return CompletionContext(Role.SOURCE)
    if segment[-1].text == "." and len(segment) > 1:
        return CompletionContext(Role.EVENT, key=_name_before(segment[:-1]))
    return CompletionContext(Role.OTHER)


def _name_before(segment: Sequence[Token]) -> str:
    """The name at the end of a segment, whichever of its family an index picks."""
    depth = 0
    for token in reversed(segment):
        depth += (token.text in _CLOSE) - (token.text in _OPEN)
        if depth == 0 and token.kind == "NAME":
            return token.text
    return ""


def _in_stage(segment: Sequence[Token]) -> CompletionContext:  # noqa: PLR0911 - one return for each stage
    if not segment:
        return CompletionContext(Role.STAGE)
    stage, last = segment[0].text, segment[-1]
    match stage:
        case "where":
            return _in_condition(segment, stage)
        case "dedupe" | "conflate" if last.text in ("within", "every"):
            return CompletionContext(Role.AMOUNT, stage=stage)
        case "conflate" if last.text == "per":
            return CompletionContext(Role.SYMBOL_WORD, stage=stage)
        case "sample" | "depth" | "throttle" | "kline" if len(segment) == 1:
            return CompletionContext(Role.AMOUNT, stage=stage)
        case _ if any(token.text == "(" for token in segment):
            return _in_condition(segment, stage)
        case _:
            return CompletionContext(Role.OTHER, stage=stage)


def _in_condition(segment: Sequence[Token], stage: str) -> CompletionContext:
    if len(segment) > 1 and _ends_value(segment):
        return CompletionContext(Role.OPERATOR, stage=stage)
    return CompletionContext(Role.OPERAND, stage=stage, beside=_beside(segment))


def _beside(segment: Sequence[Token]) -> str:
    """The name that the operand at the cursor is compared with: `side ==`, `symbol in [BTC-USDT,`."""
    index = len(segment) - 1
    listed = _open_list(segment)
    if listed is not None and segment[listed].text == "[":
        index = listed - 1
    if index < 1:
        return ""
    operator, operand = segment[index], segment[index - 1]
    if operator.text == "in" and operand.text == "not" and index > 1:
        operand = segment[index - 2]
    is_comparison = operator.kind == "COMPARE" or operator.text == "in"
    return operand.text if is_comparison and operand.kind == "NAME" else ""


def _in_test(tokens: Sequence[Token], inner: int) -> CompletionContext:  # noqa: PLR0911 - one return for each step
    """Between the braces of a test, or of an event in one."""
    outer = next(index for index, token in enumerate(tokens) if token.text == "{")
    if inner != outer:
        return _in_example(tokens, inner)
    segment = tokens[outer + 1 :]
    begins = [index for index, token in enumerate(segment) if token.text in ("at", "expect")]
    step = segment[begins[-1] :] if begins else ()
    match [token.text for token in step]:
        case ["expect", *said]:
            return CompletionContext(Role.EXPECTED, key=" ".join(said))
        case ["at"]:
            return CompletionContext(Role.VALUE, key="at")
        case ["at", _]:
            return CompletionContext(Role.PROVIDER)
        case ["at", _, provider]:
            return CompletionContext(Role.FAULT, key=provider)
        case ["at", *_, "."]:
            return CompletionContext(Role.EVENT, key=_name_before(step[:-1]))
        case [*_, "}"] | []:
            return CompletionContext(Role.STEP)
        case _:
            return CompletionContext(Role.OTHER)


def _in_example(tokens: Sequence[Token], inner: int) -> CompletionContext:
    """An event with its fields: `binance.trade { … }`, or the order that a strategy makes."""
    segment = tokens[inner + 1 :]
    # What stands right before the fields, a count left out: an event, or a verb such as `orders`.
    event = next((token.text for token in reversed(tokens[:inner]) if token.kind == "NAME"), "")
    if segment and segment[-1].text == "=":
        return CompletionContext(Role.OPERAND, stage=event, beside=segment[-2].text)
    if segment and segment[-1].kind == "NAME" and (len(segment) == 1 or _ends_entry(segment[:-1])):
        return CompletionContext(Role.OTHER, stage=event)
    return CompletionContext(Role.KEY, ("event",), stage=event)


def given_keys(cursor: Cursor) -> frozenset[str]:
    """The keys that the object around the cursor has already."""
    inner = _innermost(cursor.tokens, _opened(cursor.tokens))
    if inner is None:
        return frozenset()
    before, after = cursor.tokens[inner + 1 :], cursor.after
    return frozenset((*_keys_in(before, 0), *_keys_in(after, 0)))


def _keys_in(tokens: Sequence[Token], depth: int) -> list[str]:
    """Keys at the level where the tokens begin, as far as that level goes."""
    found = []
    for index, token in enumerate(tokens):
        depth += (token.text in _OPEN) - (token.text in _CLOSE)
        if depth < 0:
            break
        follows = tokens[index + 1].text if index + 1 < len(tokens) else ""
        if depth == 0 and token.kind == "NAME" and follows in ("=", "{"):
            found.append(token.text)
    return found


def word_after(cursor: Cursor, mark: str) -> str:
    """The token that follows the first `mark` of the declaration in hand, wherever the cursor is: the
    adapter of a provider, the selector of a strategy. "" where there is none."""
    tokens = (*cursor.tokens, cursor.word, *cursor.after)
    for index, token in enumerate(tokens[:-1]):
        if token.text == mark and tokens[index + 1].text != "=":
            return tokens[index + 1].text
        if token.text == mark and index + 2 < len(tokens):
            return tokens[index + 2].text
    return ""
