"""Which denied orders are stored: all of an ordinary strategy's, a bounded part of one that floods.

A strategy that places orders as fast as it can has each of them denied, by its throttle or its kill
switch, and every denial is a row in two tables. So denials that leave a record pass a token bucket for
each instance. Beyond it they are answered as ever, but only counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from meltica_dsl.model.values import Duration, Rate
from meltica_runtime.execution.token_bucket import TokenBucket
from meltica_runtime.orders.outcomes import Denied


@dataclass(frozen=True, slots=True)
class DenialLimits:
    """`burst`: denials of one instance that are stored however fast they come; an ordinary strategy whose
    whole grid or basket is denied stays below it, and of one that floods it shows how it began. `rate`: how
    many are stored from then on; at 0.7 KiB each, in the tables `orders` and `risk_events` together, 2 a
    second are 120 MiB a day. `tell_us`: how often the log speaks of one instance: often enough to be seen,
    seldom enough to leave it readable."""

    burst: int = 512
    rate: Rate = field(default_factory=lambda: Rate(Decimal(2), Duration(10**9)))
    tell_us: float = 30e6


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """So many denied orders of an instance were answered and not stored, since this was last said."""

    instance: str
    count: int


@dataclass(slots=True)
class _Instance:
    """What is known of one instance. There are no more of them than instances that ever ran."""

    bucket: TokenBucket
    unrecorded: int = 0
    told: int = 0
    next_tell_us: float = 0.0


class DenialRecords:
    """`report` is called by `tell`."""

    def __init__(self, limits: DenialLimits, report: Callable[[Unrecorded], None]) -> None:
        self._limits = limits
        self._report = report
        self._instances: dict[str, _Instance] = {}

    def keeps(self, denied: Denied, now_us: float) -> bool:
        """Whether this denial is stored, with its risk events. One that engaged a kill switch, or opened or
        closed a breaker, always is: a restart has to know."""
        if not denied.kind.leaves_a_record:
            return False
        if any(event.changes_state for event in denied.events):
            return True
        instance = self._of(denied.update.order.request.instance)
        if instance.bucket.has_token(now_us):
            instance.bucket.take(now_us)
            return True
        instance.unrecorded += 1
        return False

    def tell(self, now_us: float) -> None:
        """Reports what was not stored, of each instance now and then; at the time inf, all that is left."""
        for name, instance in self._instances.items():
            if instance.unrecorded > instance.told and now_us >= instance.next_tell_us:
                count = instance.unrecorded - instance.told
                instance.told, instance.next_tell_us = instance.unrecorded, now_us + self._limits.tell_us
                self._report(Unrecorded(name, count))

    def unrecorded(self) -> Mapping[str, int]:
        """Denials that were not stored, by instance."""
        return {name: instance.unrecorded for name, instance in self._instances.items()}

    def _of(self, name: str) -> _Instance:
        instance = self._instances.get(name)
        if instance is None:
            bucket = TokenBucket(self._limits.rate, self._limits.burst)
            instance = self._instances[name] = _Instance(bucket)
        return instance
