"""What a strategy ordered, and what became of it, as observations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from meltica_dsl.model.fields import EventType, Field, FieldType
from meltica_dsl.model.scenario import Verb
from meltica_runtime.orders.order import Filled, OrderRequest, Rejected
from meltica_runtime.orders.outcomes import OrderUpdate
from meltica_runtime.simulation.trader import Transcript
from meltica_runtime.strategies.isolate import ColdEvent, Effect
from meltica_runtime.testing.clock import START_US
from meltica_runtime.testing.observations import Observation, Value

_KINDS = {Verb.ORDERS: "submit", Verb.CANCELS: "cancel", Verb.AMENDS: "amend"}
_NAMES = {"submit": "order", "cancel": "cancel", "amend": "amend"}


def actions(verb: Verb, transcript: Transcript) -> Iterable[Observation]:
    """What a strategy did that a verb is about."""
    match verb:
        case Verb.ORDERS | Verb.CANCELS | Verb.AMENDS:
            return _requests(_KINDS[verb], transcript)
        case Verb.FILLS:
            return (_fill(u, u.report) for u in transcript.updates if isinstance(u.report, Filled))
        case Verb.REJECTS:
            return _rejects(transcript)
        case Verb.LOGS:
            return (Observation("log", line.timeMs * 1000, {"text": line.text}) for line in transcript.logs)
    raise AssertionError(f"a transcript does not tell of what a strategy {verb.value}")


def cold_events_received(event: EventType, transcript: Transcript) -> Iterator[Observation]:
    """The cold events of a type that a strategy was told."""
    for time_us, cold in transcript.cold:
        if cold.event["type"] == event.metadata_name:
            yield Observation(event.name, time_us, _cold_fields(event, cold))


def _requests(kind: str, transcript: Transcript) -> Iterator[Observation]:
    placed: dict[str, dict[str, Value]] = {}
    for effect, time_us in zip(transcript.effects, transcript.acted_us, strict=True):
        fields = placed.get(effect.id, {}) if effect.kind != "submit" else _order(effect)
        if effect.kind == "amend":
            changes = {"price": effect.price, "quantity": effect.quantity}
            fields |= {name: Decimal(text) for name, text in changes.items() if text is not None}
        placed[effect.id] = fields
        if effect.kind == kind:
            yield Observation(_NAMES[kind], time_us, _timed(time_us, fields))


def _order(effect: Effect) -> dict[str, Value]:
    return {
        "provider": effect.provider,
        "symbol": effect.symbol,
        "side": effect.side,
        "type": effect.type,
        "price": None if effect.price is None else Decimal(effect.price),
        "quantity": None if effect.quantity is None else Decimal(effect.quantity),
        "time_in_force": effect.timeInForce,
    }


def _fill(update: OrderUpdate, report: Filled) -> Observation:
    request = update.order.request
    fields: dict[str, Value] = {
        "provider": request.provider,
        "symbol": request.symbol,
        "side": request.side.value,
        "price": report.price,
        "quantity": report.quantity,
        "fee": report.fee,
        "fee_asset": report.fee_asset,
        "maker": report.is_maker,
    }
    return Observation("fill", report.time_us, _timed(report.time_us, fields))


def _rejects(transcript: Transcript) -> Iterator[Observation]:
    for update in transcript.updates:
        if isinstance(update.report, Rejected):
            request = update.order.request
            fields = {
                **_requested(request),
                "reason": update.report.reason,
                "limit": transcript.denials.get(request.client_order_id),
            }
            yield Observation("reject", update.report.time_us, _timed(update.report.time_us, fields))


def _requested(request: OrderRequest) -> dict[str, Value]:
    return {
        "provider": request.provider,
        "symbol": request.symbol,
        "side": request.side.value,
        "type": request.type.value,
        "price": request.price,
        "quantity": request.quantity,
        "time_in_force": request.time_in_force.value,
    }


def _timed(time_us: float, fields: dict[str, Value]) -> dict[str, Value]:
    return {"time": _offset(time_us), **fields}


def _offset(time_us: float) -> Decimal:
    return Decimal(round(time_us - START_US))


def _cold_fields(event: EventType, cold: ColdEvent) -> dict[str, Value]:
    payload = cold.event["payload"]
    given = {**payload, "provider": cold.event["provider"], "symbol": cold.event["symbol"]}
    return {field.name: _cold_value(field, given.get(field.api_name)) for field in event.fields}


def _cold_value(field: Field, value: object) -> Value:
    """A field of a cold event, which carries decimals as texts and times as milliseconds."""
    if value is None or isinstance(value, bool):
        return value
    if field.type is FieldType.TIME and isinstance(value, float):
        return _offset(value * 1000)
    if field.type is FieldType.DECIMAL:
        return Decimal(str(value))
    return str(value)
