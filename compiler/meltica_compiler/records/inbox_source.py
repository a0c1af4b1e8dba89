"""Generates the JavaScript of one inbox: a class for each payload, a reader for each ring.

Like kernels, the source is meant to be read: `meltica compile --emit layout` shows it.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template
from msgspec import Struct

from meltica_compiler.records import shared_memory
from meltica_compiler.records.inbox_geometry import InboxGeometry
from meltica_compiler.records.layout import RecordLayout, Slot, SlotKind
from meltica_dsl.model.fields import EVENT_BY_NAME, SIDES, EventType, FieldType

_NOT_IN_PAYLOAD = frozenset({"seq", "ingest", "venue_seq", "symbol", "provider"})
"""Header fields that JavaScript finds on the event itself."""

_MARKET_STATE = {
    "trade": {"last": "price"},
    "ticker": {"last": "last", "bid": "bid", "ask": "ask"},
    "book": {"bid": "bid", "ask": "ask"},
    "kline": {"last": "close"},
}
"""Which fields of an event update what `getMarketState` answers."""


class PayloadField(Struct, frozen=True):
    """One property of a payload class: how it is stored, and how it reads."""

    name: str
    api_name: str
    read: str
    value: str


class PayloadClass(Struct, frozen=True):
    """The view of one record layout."""

    name: str
    event: EventType
    layout: RecordLayout
    fields: tuple[PayloadField, ...]
    market: tuple[tuple[str, str], ...]
    price: str | None


def payload_class(layout: RecordLayout) -> PayloadClass:
    """The payload class of a record layout, from the field table."""
    event = EVENT_BY_NAME[layout.event]
    fields = tuple(
        _payload_field(layout, field.name, field.type, field.api_name)
        for field in event.fields
        if field.name not in _NOT_IN_PAYLOAD
    )
    name = f"{event.metadata_name}{layout.depth or ''}"
    return PayloadClass(
        name=name,
        event=event,
        layout=layout,
        fields=fields,
        market=tuple(_MARKET_STATE[event.name].items()),
        # The contract hands `onTrade` the price as a fourth argument.
        price="price" if event.name == "trade" else None,
    )


def inbox_source(inbox: InboxGeometry, symbols: tuple[str, ...], providers: tuple[str, ...]) -> str:
    """The JavaScript of an inbox: `function openInbox(memory, host) → reader`.

    `symbols` and `providers` are the names behind the codes in the records.
    """
    classes = {ring.layout: payload_class(ring.layout) for ring in inbox.rings}
    return _template().render(
        classes=tuple(classes.values()),
        rings=tuple(zip(inbox.rings, (classes[ring.layout] for ring in inbox.rings), strict=True)),
        sides=SIDES,
        symbols=symbols,
        providers=providers,
        at=shared_memory,
    )


@cache
def _template() -> Template:
    """Read once: jinja2 takes some 50 ms for it, and strategies start while events flow."""
    environment = Environment(
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - the output is JavaScript, and no input of a user's reaches it
    )
    return environment.from_string(files(__package__).joinpath("inbox.js.j2").read_text("utf-8"))


def _payload_field(layout: RecordLayout, name: str, kind: FieldType, api_name: str) -> PayloadField:
    slot = layout.slot(name)
    cell = slot.offset // 8
    if slot.kind is SlotKind.U16:
        read = _small(slot)
    elif slot.levels:
        read = f"pairs(this.$record, {cell}, {_small(layout.slot(f'{name[:3]}_levels'))})"
    else:
        read = f"this.$record[{cell}]"
    return PayloadField(name, api_name, read, _reading(name, kind))


def _small(slot: Slot) -> str:
    """The property that keeps a u16 field; `symbol` and `provider` come before them in their word."""
    return ("this.$third", "this.$fourth")[slot.offset % 8 // 2 - 2]


def _reading(name: str, kind: FieldType) -> str:
    """The expression that turns the stored value into what the contract promises."""
    match kind:
        case FieldType.PRICE | FieldType.QUANTITY:
            return f"decimalText(this.${name})"
        case FieldType.TIME:
            return f"this.${name} / 1000"
        case FieldType.IDENTIFIER:
            return f"String(this.${name})"
        case FieldType.SIDE:
            return f"SIDES[this.${name}]"
        case FieldType.LEVELS:
            return f"levels(this.${name})"
        case _:
            return f"this.${name}"
