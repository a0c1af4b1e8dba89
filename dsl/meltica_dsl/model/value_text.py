"""Values as the language writes them."""

from __future__ import annotations

from decimal import Decimal

from meltica_dsl.model.values import Duration

_UNITS = (
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
)


def duration_text(duration: Duration) -> str:
    """The duration in the largest units that say it whole, hours at most: strategies read this too.

    >>> duration_text(Duration(90_000_000_000)), duration_text(Duration(250_000)), duration_text(Duration(0))
    ('1m30s', '250us', '0s')
    """
    rest, text = duration.ns, ""
    for unit, ns in _UNITS:
        count, rest = divmod(rest, ns)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def decimal_text(value: Decimal) -> str:
    """The number in full, without an exponent and without zeros that say nothing: as files, strategies, the
    API and the store have it.

    >>> decimal_text(Decimal("6E+4")), decimal_text(Decimal("0.10")), decimal_text(Decimal("1E-7"))
    ('60000', '0.1', '0.0000001')
    """
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text
