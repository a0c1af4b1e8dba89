from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from meltica_dsl.model.values import Duration, Rate
from meltica_runtime.execution.token_bucket import TokenBucket

SECOND = Duration(10**9)


def test_a_burst_passes_at_once_and_then_the_rate_holds() -> None:
    bucket = TokenBucket(Rate(Decimal(5), SECOND), burst=2)
    for _ in range(2):
        assert bucket.has_token(0.0)
        bucket.take(0.0)

    assert not bucket.has_token(199_999.0)
    assert bucket.wait_us(199_999.0) == 1.0
    assert bucket.has_token(200_000.0)


def test_a_rate_that_no_decimal_can_write_is_exact() -> None:
    bucket = TokenBucket(Rate(Decimal(3), SECOND), burst=1)
    bucket.take(0.0)

    assert not bucket.has_token(333_333.333)
    assert bucket.has_token(333_333.334)


def test_a_fraction_of_an_order_a_minute_is_a_rate() -> None:
    bucket = TokenBucket(Rate(Decimal("0.5"), Duration(60 * 10**9)), burst=1)
    bucket.take(0.0)

    assert not bucket.has_token(119e6)
    assert bucket.has_token(120e6)


def test_a_clock_that_goes_back_brings_no_tokens() -> None:
    bucket = TokenBucket(Rate(Decimal(1), SECOND), burst=1)
    bucket.take(5e6)

    assert not bucket.has_token(0.0)
    assert not bucket.has_token(5.9e6)
    assert bucket.has_token(6e6)


@given(
    st.integers(1, 50),
    st.integers(1, 10),
    st.lists(st.integers(0, 400_000), min_size=1, max_size=60),
)
def test_no_window_holds_more_than_the_burst_and_the_rate(rate: int, burst: int, gaps: list[int]) -> None:
    bucket = TokenBucket(Rate(Decimal(rate), SECOND), burst)
    now, taken = 0, []
    for gap in gaps:
        now += gap
        if bucket.has_token(float(now)):
            bucket.take(float(now))
            taken.append(now)

    for first, start in enumerate(taken):
        for last in range(first, len(taken)):
            allowed = burst + (taken[last] - start) * rate / 1e6
            assert last - first + 1 <= allowed + 1e-9
