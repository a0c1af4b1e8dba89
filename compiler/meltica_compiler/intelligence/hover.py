"""What a word of a pipeline means: shown to whoever points at it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from meltica_compiler.adapters.adapters import ADAPTERS
from meltica_compiler.adapters.sinks import SINK_KINDS
from meltica_compiler.intelligence.blocks import block_keys
from meltica_compiler.intelligence.conditions import fields_at
from meltica_compiler.intelligence.declared import declared_text, module_text
from meltica_compiler.intelligence.suggestion import Knowledge
from meltica_compiler.intelligence.values import key_detail
from meltica_dsl.intelligence.completion_context import CompletionContext, Role, completion_context
from meltica_dsl.intelligence.cursor import Cursor, cursor_at
from meltica_dsl.intelligence.vocabulary import DECLARATIONS, FUNCTIONS, STAGES, Form
from meltica_dsl.model.fields import EVENT_BY_NAME, EventType, FieldType
from meltica_dsl.resolve.functions import FUNCTIONS as CONDITION_FUNCTIONS
from meltica_dsl.text.source import Span
from meltica_dsl.text.strings import read_string


class Hover(Struct, frozen=True):
    """`text` is Markdown."""

    span: Span
    text: str


def hover(path: str, text: str, offset: int, known: Knowledge, environ: Mapping[str, str]) -> Hover | None:
    """What stands at an offset; None where there is nothing to say."""
    occurrence = known.index.at(path, offset)
    if occurrence is not None:
        return Hover(occurrence.span, declared_text(occurrence.binding, known, environ))
    # The pointer stands on a letter, a cursor before one.
    on_letter = text[offset : offset + 1].strip() != ""
    here = cursor_at(path, text, offset + 1 if on_letter else offset)
    if here is None or not here.word.text:
        return None
    # From the end of the word, so that all of it is what is being typed; that of a string is its quote.
    end = here.word.end - 1 if here.word.kind == "STRING" else here.word.end
    cursor = cursor_at(path, text, end)
    if cursor is None or cursor.word.start != here.word.start:
        return None
    said = _word_text(cursor, completion_context(cursor), known)
    return Hover(Span(path, cursor.word.start, cursor.word.end), said) if said else None


def _word_text(cursor: Cursor, context: CompletionContext, known: Knowledge) -> str:
    word = cursor.word.text
    about = _BY_ROLE.get(context.role)
    said = about(word, cursor, context, known) if about is not None else ""
    if said:
        return said
    if word in DECLARATIONS and cursor.begins_line:
        return form_text(DECLARATIONS[word])
    return form_text(FUNCTIONS[word]) if word in FUNCTIONS else ""


def form_text(form: Form) -> str:
    return f"```mel\n{form.form}\n```\n{form.doc}"


def _key_text(word: str, cursor: Cursor, context: CompletionContext, known: Knowledge) -> str:
    key = next((key for key in block_keys(context, cursor, known) if key.name == word), None)
    return "" if key is None else f"`{key.name}`: {key_detail(key)}\n\n{key.doc}"


def _value_text(word: str, cursor: Cursor, context: CompletionContext, known: Knowledge) -> str:
    if cursor.keyword == "provider" and context.key == "adapter" and word in ADAPTERS:
        spec = ADAPTERS[word]
        orders = "It takes orders." if spec.trades else "It takes no orders."
        events = ", ".join(f"`{event}`" for event in spec.events)
        return f"adapter `{word}`: {spec.display_name}\n\n{spec.description} It gives {events}. {orders}"
    key = next((key for key in block_keys(context, cursor, known) if key.name == context.key), None)
    if key is None or word not in key.choices:
        return ""
    return f"`{key.name} = {word}`\n\n{key.choices[word] or key.doc}"


def _stage_text(word: str, _cursor: Cursor, _context: CompletionContext, _known: Knowledge) -> str:
    return form_text(STAGES[word]) if word in STAGES else ""


def _operand_text(word: str, cursor: Cursor, _context: CompletionContext, known: Knowledge) -> str:
    field = next((field for field in fields_at(cursor, known) if field.name == word), None)
    if field is not None:
        return f"field `{field.name}`: {field.type.value}\n\n{field.doc}"
    function = CONDITION_FUNCTIONS.get(word)
    return "" if function is None else f"`{function.form}`\n\n{function.doc}"


def _event_text(word: str, _cursor: Cursor, _context: CompletionContext, _known: Knowledge) -> str:
    event = EVENT_BY_NAME.get(word)
    return "" if event is None else event_text(event)


def event_text(event: EventType) -> str:
    rows = [
        f"- `{field.name}`: {field.type.value}, {field.doc}"
        for field in event.fields
        if not field.hidden and field.type is not FieldType.LEVELS
    ]
    return "\n".join((f"event `{event.name}`\n", event.doc, "", *rows))


def _selector_text(word: str, _cursor: Cursor, _context: CompletionContext, known: Knowledge) -> str:
    selector = read_string(word) if word.endswith('"') and len(word) > 1 else None
    return module_text(selector, known) if isinstance(selector, str) else ""


def _kind_text(word: str, _cursor: Cursor, _context: CompletionContext, _known: Knowledge) -> str:
    spec = SINK_KINDS.get(word)
    return "" if spec is None else f"sink `{word}`\n\n{spec.description}"


_BY_ROLE: Mapping[Role, Callable[[str, Cursor, CompletionContext, Knowledge], str]] = {
    Role.KEY: _key_text,
    Role.VALUE: _value_text,
    Role.STAGE: _stage_text,
    Role.OPERAND: _operand_text,
    Role.EVENT: _event_text,
    Role.SELECTOR: _selector_text,
    Role.SINK_KIND: _kind_text,
}
