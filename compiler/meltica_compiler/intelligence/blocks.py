"""The keys that the block around the cursor takes, whoever decides them."""

from __future__ import annotations

from meltica_compiler.intelligence.catalogue import Modules, adapter_keys, config_keys, sink_keys
from meltica_compiler.intelligence.suggestion import Knowledge
from meltica_dsl.intelligence.completion_context import CompletionContext, word_after
from meltica_dsl.intelligence.cursor import Cursor
from meltica_dsl.intelligence.vocabulary import KEYS, Key, ValueKind
from meltica_dsl.model.fields import EVENT_BY_NAME, SIDES, Field, FieldType
from meltica_dsl.model.scenario import RECORD_FIELDS
from meltica_dsl.resolve.scope import DeclKind
from meltica_dsl.text.strings import read_string

_FIELD_WANTED = {
    FieldType.TIME: (ValueKind.NUMBER,),
    FieldType.SYMBOL: (ValueKind.SYMBOL,),
    FieldType.PROVIDER: (ValueKind.NAME,),
    FieldType.SIDE: (ValueKind.WORD,),
    FieldType.TEXT: (ValueKind.TEXT,),
    FieldType.BOOL: (ValueKind.TRUTH,),
}


def block_keys(context: CompletionContext, cursor: Cursor, known: Knowledge) -> tuple[Key, ...]:
    """The keys of the object in hand; none where nobody says what they are."""
    if context.keys == ("event",) or cursor.keyword == "test":
        return tuple(_field_key(field) for field in test_fields(context.stage))
    word = word_after(cursor, "adapter" if cursor.keyword == "provider" else "=")
    keys = outer_keys(cursor.keyword, word)
    for name in context.keys:
        if cursor.keyword == "strategy" and name == "config":
            keys = module_keys(word_after(cursor, "="), known.modules)
            continue
        keys = next((key.members for key in keys if key.name == name), ())
    return keys


def test_fields(word: str) -> tuple[Field, ...]:
    """The fields that a test may name: of an event, or of the orders that a verb is about."""
    event = EVENT_BY_NAME.get(word)
    if event is not None:
        return tuple(field for field in event.fields if not field.hidden)
    verb = next((verb for verb in RECORD_FIELDS if verb.value == word), None)
    return () if verb is None else RECORD_FIELDS[verb]


def outer_keys(keyword: str, word: str) -> tuple[Key, ...]:
    """The keys of a declaration's own block. `word` is the adapter of a provider, the kind of a sink."""
    keys = KEYS.get(keyword, ())
    if keyword == "provider":
        return (*keys, *adapter_keys(word))
    return sink_keys(word) if keyword == "sink" else keys


def module_keys(selector: str, modules: Modules) -> tuple[Key, ...]:
    """The config that a module declares. `selector` as written, quotes included."""
    text = read_string(selector) if selector.startswith('"') and selector.endswith('"') else ""
    found = modules.find(text) if isinstance(text, str) and text else None
    return () if found is None else config_keys(found[1])


def _field_key(field: Field) -> Key:
    is_side = field.type is FieldType.SIDE
    return Key(
        field.name,
        _FIELD_WANTED.get(field.type, (ValueKind.NUMBER,)),
        field.doc,
        choices=dict.fromkeys(SIDES, "") if is_side else {},
        decl_kinds=(DeclKind.PROVIDER,) if field.type is FieldType.PROVIDER else (),
    )
