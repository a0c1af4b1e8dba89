"""Limits as the control API writes them (`RiskConfig`), and back.

The document knows less than a `risk` of a pipeline: it has no symbol throttle, its throttle is a
whole number of orders a second, and a limit that is not there is written as 0 (`""` for the
currency). Therefore an update is laid over the limits that hold: a value that says what the present
limits say leaves them exactly as they are, and so does what the document cannot say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, InvalidOperation

from msgspec.structs import replace

from meltica_dsl.model.pipeline import CircuitBreaker, KillSwitch, Risk
from meltica_dsl.model.value_text import decimal_text
from meltica_dsl.model.values import Duration, Rate, Ratio
from meltica_dsl.text.suggest import nearest
from meltica_runtime.money import amount_fault
from meltica_runtime.orders.order import OrderType

_SECOND = Duration(1_000_000_000)
_UNITS_NS = {"h": 3_600 * 10**9, "m": 60 * 10**9, "s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(h|ms|us|ns|m|s)")
_TYPES = tuple(type_.value for type_ in OrderType)
_KEYS = (
    "maxPositionSize",
    "maxNotionalValue",
    "notionalCurrency",
    "orderThrottle",
    "orderBurst",
    "maxConcurrentOrders",
    "priceBandPercent",
    "allowedOrderTypes",
    "killSwitchEnabled",
    "maxRiskBreaches",
    "circuitBreaker",
)
_BREAKER_KEYS = ("enabled", "threshold", "cooldown")
_MOST = 1_000_000
"""Largest whole number of any limit: far above what any gateway does, and safe in every reader."""

Document = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class LimitFault:
    """What is wrong with a document: the path of the value, such as `circuitBreaker.cooldown`, and why."""

    path: str
    message: str


def limits_document(risk: Risk) -> dict[str, object]:
    """The limits in the shape of the API's `RiskConfig`."""
    throttle, breaker = risk.order_throttle, risk.circuit_breaker
    return {
        "maxPositionSize": _text(risk.max_position),
        "maxNotionalValue": _text(risk.max_notional),
        "notionalCurrency": risk.notional_currency or "",
        "orderThrottle": 0 if throttle is None else _per_second(throttle),
        "orderBurst": risk.order_burst,
        "maxConcurrentOrders": risk.max_open_orders or 0,
        "priceBandPercent": 0.0 if risk.price_band is None else float(risk.price_band.value * 100),
        "allowedOrderTypes": list(risk.order_types or _TYPES),
        "killSwitchEnabled": risk.kill_switch is not None,
        "maxRiskBreaches": 0 if risk.kill_switch is None else risk.kill_switch.after,
        "circuitBreaker": {
            "enabled": breaker is not None,
            "threshold": 0 if breaker is None else breaker.threshold,
            "cooldown": "0s" if breaker is None else _duration_text(breaker.cooldown),
        },
    }


def updated_limits(risk: Risk, document: Document) -> Risk | tuple[LimitFault, ...]:
    """`risk` with the limits of a whole document, or everything that is wrong with the document."""
    reader = _Reader(risk, limits_document(risk), document)
    updated = reader.read()
    return tuple(reader.faults) if reader.faults else updated


class _Reader:
    """Reads one document, noting every fault; a value with a fault reads as no limit."""

    def __init__(self, risk: Risk, present: Document, document: Document) -> None:
        self.faults: list[LimitFault] = []
        self._risk = risk
        self._present = present
        self._document = document
        self._check_keys("", _KEYS, document)

    def read(self) -> Risk:
        risk, document = self._risk, self._document
        changes: dict[str, object] = {}
        readers = {
            "maxPositionSize": ("max_position", self._amount),
            "maxNotionalValue": ("max_notional", self._amount),
            "notionalCurrency": ("notional_currency", self._currency),
            "orderThrottle": ("order_throttle", self._rate),
            "orderBurst": ("order_burst", self._burst),
            "maxConcurrentOrders": ("max_open_orders", self._count_or_none),
            "priceBandPercent": ("price_band", self._band),
            "allowedOrderTypes": ("order_types", self._order_types),
        }
        for key, (field, read) in readers.items():
            if key in document and document[key] != self._present[key]:
                changes[field] = read(key, document[key])
        changes["kill_switch"] = self._kill_switch()
        changes["circuit_breaker"] = self._breaker()
        return replace(risk, **changes)

    def _fault(self, path: str, message: str) -> None:
        self.faults.append(LimitFault(path, message))

    def _check_keys(self, prefix: str, known: tuple[str, ...], document: Document) -> None:
        for key in document:
            if key not in known:
                meant = nearest(key, known)
                hint = f"; did you mean `{meant}`?" if meant else ""
                self._fault(prefix + key, f"is not a limit{hint}")
        for key in known:
            if key not in document:
                self._fault(prefix + key, "is missing: an update names every limit")

    def _amount(self, path: str, value: object) -> Decimal | None:
        try:
            amount = Decimal(value) if isinstance(value, str) else None
        except InvalidOperation:
            amount = None
        if amount is None:
            self._fault(path, 'must be a decimal number in a string, such as "2.5", or "0" for no limit')
            return None
        if amount.is_zero():
            return None
        fault = amount_fault(amount)
        if fault:
            self._fault(path, f"{fault} (0 is no limit)")
        return amount

    def _currency(self, path: str, value: object) -> str | None:
        if not isinstance(value, str) or not (value == "" or value.isalnum()):
            self._fault(path, 'must be an asset such as "USDT", or "" for none')
            return None
        return value.upper() or None

    def _whole(self, path: str, value: object, least: int) -> int:
        whole = value if isinstance(value, int) and not isinstance(value, bool) else None
        if isinstance(value, float) and value.is_integer():
            whole = int(value)
        if whole is None or not least <= whole <= _MOST:
            self._fault(path, f"must be a whole number from {least} to {_MOST}")
            return least
        return whole

    def _count_or_none(self, path: str, value: object) -> int | None:
        return self._whole(path, value, 0) or None

    def _burst(self, path: str, value: object) -> int:
        return self._whole(path, value, 1)

    def _rate(self, path: str, value: object) -> Rate | None:
        count = self._whole(path, value, 0)
        return Rate(Decimal(count), _SECOND) if count else None

    def _band(self, path: str, value: object) -> Ratio | None:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        percent = Decimal(repr(value)) if is_number else None
        if percent is None or not percent.is_finite() or not 0 <= percent <= 100:
            self._fault(path, "must be a number of percent from 0 to 100; 0 is no limit")
            return None
        return Ratio(percent / 100) if percent else None

    def _order_types(self, path: str, value: object) -> tuple[str, ...]:
        words = value if isinstance(value, list | tuple) else ()
        types = tuple(dict.fromkeys(str(word).lower() for word in words))
        if not types or any(type_ not in _TYPES for type_ in types):
            self._fault(path, f"must be a list with at least one of {', '.join(_TYPES)}")
        return types

    def _flag(self, path: str, value: object) -> bool:
        if not isinstance(value, bool):
            self._fault(path, "must be true or false")
        return value is True

    def _kill_switch(self) -> KillSwitch | None:
        document = self._document
        if "killSwitchEnabled" not in document or "maxRiskBreaches" not in document:
            return None
        enabled = self._flag("killSwitchEnabled", document["killSwitchEnabled"])
        after = self._whole("maxRiskBreaches", document["maxRiskBreaches"], 1 if enabled else 0)
        return KillSwitch(after) if enabled else None

    def _breaker(self) -> CircuitBreaker | None:
        breaker = self._document.get("circuitBreaker", {})
        if not isinstance(breaker, Mapping):
            self._fault("circuitBreaker", "must be an object with enabled, threshold and cooldown")
            return None
        if "circuitBreaker" in self._document:
            self._check_keys("circuitBreaker.", _BREAKER_KEYS, breaker)
        if any(key not in breaker for key in _BREAKER_KEYS):
            return None
        enabled = self._flag("circuitBreaker.enabled", breaker["enabled"])
        threshold = self._whole("circuitBreaker.threshold", breaker["threshold"], 1 if enabled else 0)
        cooldown = _duration(breaker["cooldown"])
        if cooldown is None or (enabled and not cooldown.ns):
            self._fault("circuitBreaker.cooldown", 'must be a duration above zero, such as "30s" or "1m30s"')
            return None
        return CircuitBreaker(threshold, cooldown) if enabled else None


def _text(amount: Decimal | None) -> str:
    return "0" if amount is None else decimal_text(amount)


def _per_second(rate: Rate) -> int:
    """Whole orders a second, rounded up: a throttle that is there is never written as none."""
    exact = rate.count * _SECOND.ns / rate.per.ns
    return int(exact.to_integral_value(ROUND_CEILING))


def _duration(value: object) -> Duration | None:
    if not isinstance(value, str) or len(value) > 64:
        return None
    if value == "0":
        return Duration(0)
    parts = _DURATION.findall(value)
    if not parts or "".join(number + unit for number, unit in parts) != value:
        return None
    return Duration(int(sum(Decimal(number) * _UNITS_NS[unit] for number, unit in parts)))


def _duration_text(duration: Duration) -> str:
    """The duration in the fewest parts: `1m30s`."""
    parts, rest = [], duration.ns
    for unit, size in _UNITS_NS.items():
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
