"""Values: what a key may be given, with units where a number is being typed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from meltica_compiler.adapters.adapters import ADAPTERS
from meltica_compiler.intelligence.suggestion import Knowledge, Shape, Suggestion, words
from meltica_dsl import syntax
from meltica_dsl.intelligence.cursor import Cursor
from meltica_dsl.intelligence.occurrences import Index, Local
from meltica_dsl.intelligence.vocabulary import FUNCTIONS, Key, ValueKind
from meltica_dsl.parse.literals import SIZE_UNITS
from meltica_dsl.resolve.scope import DeclKind
from meltica_dsl.syntax.walk import walk

_UNITS = {
    ValueKind.DURATION: ("ms", "s", "m", "h", "us", "d", "ns"),
    ValueKind.RATE: ("/s", "/m", "/h", "/100ms", "/ms"),
    ValueKind.SIZE: (*SIZE_UNITS,),
    ValueKind.RATIO: ("%", "bps"),
}

_EXAMPLES = {
    ValueKind.DURATION: "1s",
    ValueKind.RATE: "100/s",
    ValueKind.SIZE: "64MiB",
    ValueKind.RATIO: "1%",
    ValueKind.NUMBER: "1",
    ValueKind.WHOLE: "1",
    ValueKind.TRUTH: "true",
    ValueKind.TEXT: '"text"',
    ValueKind.SECRET: 'secret("NAME")',
    ValueKind.SYMBOL: "BTC-USDT",
    ValueKind.WORD: "USDT",
    ValueKind.OBJECT: "{}",
    ValueKind.LIST: "[]",
    ValueKind.NAME: "name",
}

_DIGITS = re.compile(r"[0-9][0-9_.]*")


def value_suggestions(key: Key, cursor: Cursor, known: Knowledge, *, in_list: bool) -> Iterator[Suggestion]:
    """What the key may be given at the cursor. `in_list` says that the brackets of its list are open."""
    if cursor.word.kind == "LITERAL":
        yield from unit_suggestions(key, cursor.typed)
        return
    if ValueKind.LIST in key.wanted and key.items and not in_list:
        for item in _of_wanted(key.items, key, known):
            yield Suggestion(f"[{item.label}]", item.shape, item.detail, item.doc, rank=1)
    else:
        yield from _of_wanted(key.items if in_list and key.items else key.wanted, key, known)
    if key.default:
        yield Suggestion(key.default, Shape.VALUE, "default", rank=0)
    yield from constants(known.index, cursor)


def unit_suggestions(key: Key, typed: str) -> Iterator[Suggestion]:
    """The number in hand with each unit that the key takes."""
    number = _DIGITS.match(typed)
    if number is None:
        return
    for wanted in key.wanted:
        for rank, unit in enumerate(_UNITS.get(wanted, ())):
            yield Suggestion(f"{number[0]}{unit}", Shape.UNIT, wanted.value, rank=rank)


def _of_wanted(wanted: tuple[ValueKind, ...], key: Key, known: Knowledge) -> Iterator[Suggestion]:
    for one in wanted:
        match one:
            case ValueKind.WORD:
                for choice, doc in key.choices.items():
                    yield Suggestion(choice, Shape.CHOICE, key.name, doc, rank=1)
            case ValueKind.TRUTH:
                yield from words(("true", "false"), Shape.CHOICE, rank=1)
            case ValueKind.NAME:
                for decl_kind in key.decl_kinds:
                    yield from names(known.index, decl_kind)
            case ValueKind.SYMBOL:
                yield from words(symbols(known.index), Shape.VALUE, "symbol", rank=1)
            case ValueKind.SECRET:
                form = FUNCTIONS["secret"]
                yield Suggestion("secret", Shape.FUNCTION, form.form, form.doc, form.snippet, 1)
            case ValueKind.TEXT:
                yield Suggestion('""', Shape.VALUE, one.value, insert='"$1"', rank=2)
            case ValueKind.OBJECT if key.members:
                yield Suggestion("{ … }", Shape.VALUE, one.value, insert=example(key, known), rank=1)
            case _:
                continue


def key_suggestion(key: Key, cursor: Cursor, known: Knowledge) -> Suggestion:
    """A key with a value to fill in, unless its `=` is there already."""
    is_given = bool(cursor.after) and cursor.after[0].text in ("=", "{")
    insert = key.name if is_given else f"{key.name} = {example(key, known)}"
    return Suggestion(key.name, Shape.KEY, key_detail(key), key.doc, insert, 0 if key.required else 1)


def key_detail(key: Key) -> str:
    """The type of a key, and its default."""
    if key.default:
        return f"{key.type}, default `{key.default}`"
    return f"{key.type}, must be given" if key.required else key.type


def example(key: Key, known: Knowledge) -> str:
    """A value that the key takes, as places to fill in."""
    if key.members:
        parts = [f"{member.name} = {example(member, known)}" for member in key.members if member.required]
        return f"{{ {', '.join(parts)} }}"
    if key.default and not key.items:
        return _place(key.default)
    if ValueKind.LIST in key.wanted and key.items:
        return f"[{_place(_first(key, key.items[0], known))}]"
    return _place(_first(key, key.wanted[0], known))


def _place(text: str) -> str:
    """Text to fill in; braces would end the place too soon."""
    return text if "{" in text or "}" in text else f"${{1:{text}}}"


def _first(key: Key, wanted: ValueKind, known: Knowledge) -> str:
    if wanted is ValueKind.WORD and key.choices:
        return next(iter(key.choices))
    if wanted is ValueKind.NAME:
        declared = [name for decl_kind in key.decl_kinds for name in known.index.names(decl_kind)]
        return declared[0] if declared else "name"
    if wanted is ValueKind.SYMBOL:
        return next(iter(symbols(known.index)), "BTC-USDT")
    return _EXAMPLES[wanted]


def names(index: Index, *decl_kinds: DeclKind) -> Iterator[Suggestion]:
    for decl_kind in decl_kinds:
        for name in index.names(decl_kind):
            yield Suggestion(name, Shape.CONSTANT, describe(index, decl_kind, name), rank=1)


def describe(index: Index, decl_kind: DeclKind, name: str) -> str:
    """What a declaration is, in a few words."""
    match index.declaration(decl_kind, name):
        case syntax.StrategyDecl(selector=syntax.StringLiteral(text=text)):
            return f"strategy {text}"
        case syntax.SinkDecl(kind=kind):
            return f"sink {kind.text}"
        case syntax.ProviderDecl() as provider:
            return f"provider {adapter_of(provider)}".rstrip()
        case _:
            return decl_kind.value


def adapter_of(provider: syntax.ProviderDecl) -> str:
    """The adapter that a provider names, "" where it names none."""
    for entry in provider.body.entries:
        if entry.key.text == "adapter" and isinstance(entry.value, syntax.Reference):
            return entry.value.name
    return ""


def events_of(index: Index, provider: str) -> tuple[str, ...]:
    """The events that a provider can give, as far as its adapter says; all where it does not."""
    declaration = index.declaration(DeclKind.PROVIDER, provider)
    spec = ADAPTERS.get(adapter_of(declaration)) if isinstance(declaration, syntax.ProviderDecl) else None
    return spec.events if spec is not None else ("trade", "ticker", "book", "kline")


def symbols(index: Index) -> tuple[str, ...]:
    """Every symbol that a provider or a constant lists, in their order."""
    found: dict[str, None] = {}
    for declaration in (d for file in index.files for d in file.declarations):
        match declaration:
            case syntax.ProviderDecl(body=listed) | syntax.LetDecl(value=listed):
                parts = (part for part in walk(listed) if isinstance(part, syntax.SymbolLiteral))
                found.update(dict.fromkeys(part.text for part in parts))
    return tuple(found)


def constants(index: Index, cursor: Cursor) -> Iterator[Suggestion]:
    """What may stand for any value: `let`s, variables of `for`, and the environment."""
    yield from names(index, DeclKind.LET)
    for name in local_names(cursor):
        yield Suggestion(name, Shape.CONSTANT, Local.VARIABLE.value, rank=1)
    form = FUNCTIONS["env"]
    yield Suggestion("env", Shape.FUNCTION, form.form, form.doc, form.snippet, 8)


def local_names(cursor: Cursor) -> tuple[str, ...]:
    """Parameters and variables of the declaration in hand."""
    tokens = cursor.tokens
    found = [tokens[i + 1].text for i in range(len(tokens) - 1) if tokens[i].text == "for"]
    if cursor.keyword == "stage" and len(tokens) > 2 and tokens[2].text == "(":
        for token in tokens[3:]:
            if token.text == ")":
                break
            found += [token.text] if token.kind == "NAME" else []
    return tuple(found)
