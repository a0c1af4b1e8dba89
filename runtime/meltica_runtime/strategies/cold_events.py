"""Cold events in the shape that a strategy's handlers take them: what the contract's API calls each field."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from meltica_dsl.model.fields import EVENT_BY_NAME, EXECUTION_HANDLERS
from meltica_dsl.model.value_text import decimal_text
from meltica_runtime.orders.limits import RiskEvent
from meltica_runtime.orders.order import BalanceChanged, Filled
from meltica_runtime.orders.outcomes import OrderUpdate
from meltica_runtime.strategies.isolate import ColdEvent
from meltica_runtime.venues.venue import Instrument


def execution_event(update: OrderUpdate, seq: float) -> ColdEvent | None:
    """What the strategy hears of its order; None where the contract has no handler for it."""
    state = update.seen_as
    if state is None or state.value not in EXECUTION_HANDLERS:
        return None
    order, request = update.order, update.order.request
    fill = update.report if isinstance(update.report, Filled) else None
    payload = {
        "timestamp": update.report.time_us / 1000,
        "symbol": request.symbol,
        "clientOrderId": request.client_order_id,
        "exchangeOrderId": order.exchange_order_id,
        "state": state.value,
        "side": request.side.value,
        "orderType": request.type.value,
        "price": _text(request.price),
        "quantity": _text(request.quantity),
        "filledQuantity": _text(order.filled),
        "remainingQty": _text(order.remaining),
        "avgFillPrice": _text(order.average_price),
        "commissionAmount": _text(fill.fee) if fill else None,
        "commissionAsset": fill.fee_asset if fill else None,
        "rejectReason": order.reason or None,
    }
    handler = EXECUTION_HANDLERS[state.value]
    extra = order.reason if handler == "onOrderRejected" else None
    return _cold(
        "execution", handler, request.provider, request.symbol, update.report.time_us, seq, payload, extra
    )


def balance_event(change: BalanceChanged, seq: float) -> ColdEvent:
    payload = {
        "timestamp": change.time_us / 1000,
        "currency": change.asset,
        "total": _text(change.total),
        "available": _text(change.available),
    }
    return _cold("balance", "onBalanceUpdate", change.provider, "", change.time_us, seq, payload)


def risk_event(event: RiskEvent, seq: float) -> ColdEvent:
    payload = {
        "timestamp": event.time_us / 1000,
        "strategyId": event.instance,
        "status": event.status.value,
        "breachType": event.limit.value,
        "reason": event.reason,
        "killSwitchEngaged": event.kill_switch_engaged,
        "circuitBreakerOpen": event.circuit_breaker_open,
    }
    return _cold("risk", "onRiskControl", "", "", event.time_us, seq, payload)


def instrument_event(provider: str, instrument: Instrument, time_us: float, seq: float) -> ColdEvent:
    rules = {
        "symbol": instrument.symbol,
        "tickSize": _text(instrument.tick_size),
        "lotSize": _text(instrument.lot_size),
        "minNotional": _text(instrument.min_notional),
    }
    payload = {"instrument": rules, **rules}
    return _cold("instrument", "onInstrumentUpdate", provider, instrument.symbol, time_us, seq, payload)


def _cold(
    name: str,
    handler: str,
    provider: str,
    symbol: str,
    time_us: float,
    seq: float,
    payload: dict[str, Any],
    extra: str | None = None,
) -> ColdEvent:
    kind = EVENT_BY_NAME[name].metadata_name
    event = {
        "eventId": f"{kind}:{provider}:{seq}",
        "routingVersion": 1,
        "provider": provider,
        "symbol": symbol,
        "type": kind,
        "seqProvider": 0,
        "ingestTs": time_us / 1000,
        "emitTs": time_us / 1000,
        "payload": payload,
    }
    return ColdEvent(seq, time_us, handler, event, extra)


def _text(value: Decimal | None) -> str | None:
    """A decimal without exponent and trailing zeros, as the contract writes amounts."""
    return None if value is None else decimal_text(value)
