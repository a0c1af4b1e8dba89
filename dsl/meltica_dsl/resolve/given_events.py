"""The events that a test gives: their fields typed, and nothing missing that has no default."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from meltica_dsl import syntax
from meltica_dsl.diagnostics.diagnostic import Diagnostic
from meltica_dsl.model.fields import MAX_BOOK_DEPTH, SIDES, EventType, Field, FieldType
from meltica_dsl.model.pipeline import Provider
from meltica_dsl.model.scenario import GivenValue, Levels, given_fields
from meltica_dsl.model.values import Duration, Setting
from meltica_dsl.resolve.block import Block
from meltica_dsl.resolve.constants import Constants
from meltica_dsl.resolve.suggestions import did_you_mean, misspelling_fixes
from meltica_dsl.resolve.typed import TypedValues
from meltica_dsl.text.suggest import nearest

_MAX_IDENTIFIER = 10**15
"""Trade ids are f64 in records, which hold every whole number of 15 digits."""

_REQUIRED: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "trade": {"price": "60_000", "quantity": "0.01"},
        "ticker": {"bid": "59_999", "ask": "60_001"},
        "kline": {"open": "60_000", "high": "60_010", "low": "59_990", "close": "60_005"},
    }
)
"""Fields without a default, and an example of each."""

_LEVELS_EXAMPLE = "[[60_000, 0.5], [59_999, 2]]"


def given_values(
    step: syntax.EventStep, event: EventType, provider: Provider | None, constants: Constants
) -> dict[str, GivenValue] | None:
    """The fields of the event, or None if one is wrong or missing. `provider` is None if it is
    invalid or switched off."""
    before = len(constants.diagnostics)
    fields = {field.name: field for field in given_fields(event)}
    _check_names(step, event, fields, constants)
    body = step.body._replace(entries=tuple(e for e in step.body.entries if e.key.text in fields))
    block = Block(body, constants, f"this {event.name}", step.event.span)
    reader = _FieldReader(block.typed)
    values: dict[str, GivenValue] = {}
    strange = [entry.key.text for entry in step.body.entries if entry.key.text not in fields]
    # A field that is misspelt is reported once, as that.
    required = {n: e for n, e in _REQUIRED.get(event.name, {}).items() if nearest(n, strange) is None}
    for name, field in fields.items():
        example = required.get(name)
        setting = block.take(name) if example is None else block.required(name, _itself, example)
        value = None if setting is None else reader.read(field, name, setting)
        if value is not None:
            values[name] = value
    if len(constants.diagnostics) > before:
        return None
    if event.name == "book" and not values.keys() & {"bids", "asks", "bid", "ask"}:
        constants.diagnostics.add(_empty_book(step.event))
    _check_symbol(step, values, provider, constants)
    return values if len(constants.diagnostics) == before else None


def _itself(_key: str, setting: Setting) -> Setting:
    return setting


def _check_names(
    step: syntax.EventStep, event: EventType, fields: Mapping[str, Field], constants: Constants
) -> None:
    for entry in step.body.entries:
        name = entry.key.text
        if name in fields:
            continue
        said = {"time": "the step says when", "provider": "the step says of which provider"}.get(name)
        listed = ", ".join(f"`{field}`" for field in fields)
        constants.diagnostics.add(
            Diagnostic(
                "E0204",
                f"`{name}` is not given: {said}" if said else f"{event.name} events have no field `{name}`",
                entry.key.span,
                "" if said else f"not a field of {event.name}",
                help=("leave it out",)
                if said
                else did_you_mean(name, list(fields)) or (f"its fields are {listed}",),
                fixes=() if said else misspelling_fixes(name, entry.key.span, list(fields)),
            )
        )


def _empty_book(name: syntax.Name) -> Diagnostic:
    message = "this book needs `bids`, `asks` or both"
    help_text = f"add `bids = {_LEVELS_EXAMPLE}`, or `bid = 60_000` for one level of quantity 1"
    return Diagnostic("E0304", message, name.span, "has no levels", help=(help_text,))


def _check_symbol(
    step: syntax.EventStep, values: dict[str, GivenValue], provider: Provider | None, constants: Constants
) -> None:
    """The symbol is one of the provider's; that of a provider with one only need not be said."""
    if provider is None:
        return
    listed = [str(symbol) for symbol in provider.symbols]
    symbol = values.get("symbol")
    if symbol is None and len(listed) == 1:
        values["symbol"] = listed[0]
    elif symbol is None:
        constants.diagnostics.add(
            Diagnostic(
                "E0304",
                f"this {step.event.text} needs `symbol`: `{provider.name}` has {len(listed)}",
                step.event.span,
                "of which symbol",
                help=(f"add `symbol = {listed[0]}`",),
            )
        )
    elif symbol not in listed:
        entry = next(entry for entry in step.body.entries if entry.key.text == "symbol")
        constants.diagnostics.add(
            Diagnostic(
                "E1003",
                f"`{provider.name}` does not list {symbol}",
                entry.value.span,
                "not one of its symbols",
                help=did_you_mean(str(symbol), listed) or (f"it lists {', '.join(listed)}",),
                fixes=misspelling_fixes(str(symbol), entry.value.span, listed),
            )
        )


class _FieldReader:
    """A setting as the value of a field."""

    def __init__(self, typed: TypedValues) -> None:
        self._typed = typed

    def read(self, field: Field, key: str, setting: Setting) -> GivenValue | None:  # noqa: PLR0911 - one for each type
        typed = self._typed
        match field.type:
            case FieldType.SYMBOL:
                symbol = typed.symbol(key, setting)
                return None if symbol is None else str(symbol)
            case FieldType.SIDE:
                return typed.one_of(key, setting, SIDES)
            case FieldType.TIME:
                time = typed.duration(key, setting, "ms", Duration(0))
                return None if time is None else Decimal(time.ns) / 1000
            case FieldType.LEVELS:
                return self._levels(key, setting)
            case FieldType.IDENTIFIER | FieldType.COUNT:
                number = typed.whole(key, setting, 0, _MAX_IDENTIFIER)
                return None if number is None else Decimal(number)
            case FieldType.QUANTITY if isinstance(setting.value, Decimal) and setting.value == 0:
                return Decimal(0)
            case _:
                return typed.positive(key, setting)

    def _levels(self, key: str, setting: Setting) -> Levels | None:
        levels = setting.value
        if isinstance(levels, tuple) and len(levels) <= MAX_BOOK_DEPTH:
            pairs = [self._pair(key, level) for level in levels]
            if all(pair is not None for pair in pairs):
                return tuple(pair for pair in pairs if pair is not None)
            return None
        most = f"at most {MAX_BOOK_DEPTH} levels, each a price and a quantity"
        self._typed.diagnostics.add(
            Diagnostic(
                "E0301", f"`{key}` is {most}", setting.span, help=(f"write it like `{_LEVELS_EXAMPLE}`",)
            )
        )
        return None

    def _pair(self, key: str, level: Setting) -> tuple[Decimal, Decimal] | None:
        if isinstance(level.value, tuple) and len(level.value) == 2:
            price, quantity = (self._typed.positive(key, part) for part in level.value)
            return None if price is None or quantity is None else (price, quantity)
        self._typed.diagnostics.add(
            Diagnostic(
                "E0301",
                f"a level of `{key}` is a price and a quantity",
                level.span,
                help=("write it like `[60_000, 0.5]`",),
            )
        )
        return None
