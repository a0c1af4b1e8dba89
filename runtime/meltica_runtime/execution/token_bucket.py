"""A token bucket in whole numbers: exact at any rate, deterministic, and its clock is an argument."""

from __future__ import annotations

from meltica_dsl.model.values import Rate


class TokenBucket:
    """Holds at most `burst` tokens, starts full, and gains `rate.count` tokens each `rate.per`.

    Counted in units of which one token is `_token` and one nanosecond brings `_gain`, so that no
    rate, however odd, is ever rounded. A clock that goes back brings nothing and takes nothing.
    """

    __slots__ = ("_full", "_gain", "_last_ns", "_token", "_units", "burst", "rate")

    def __init__(self, rate: Rate, burst: int) -> None:
        assert rate.count > 0, "the language refuses a rate of nothing"
        assert burst > 0, "the language refuses a burst of nothing"
        self.rate = rate
        self.burst = burst
        self._gain, denominator = rate.count.as_integer_ratio()
        self._token = rate.per.ns * denominator
        self._full = burst * self._token
        self._units = self._full
        self._last_ns: int | None = None

    def has_token(self, now_us: float) -> bool:
        """Whether an order may pass now. Takes nothing."""
        self._refill(now_us)
        return self._units >= self._token

    def take(self, now_us: float) -> None:
        """Takes a token that `has_token` has just seen."""
        self._refill(now_us)
        assert self._units >= self._token, "has_token is asked first"
        self._units -= self._token

    def wait_us(self, now_us: float) -> float:
        """Microseconds until the next token, 0 if there is one."""
        self._refill(now_us)
        missing = max(0, self._token - self._units)
        return -(-missing // self._gain) / 1e3

    def _refill(self, now_us: float) -> None:
        now_ns = round(now_us * 1e3)
        last_ns = self._last_ns
        if last_ns is None or now_ns > last_ns:
            if last_ns is not None and self._units < self._full:
                self._units = min(self._full, self._units + (now_ns - last_ns) * self._gain)
            self._last_ns = now_ns
