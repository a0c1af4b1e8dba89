"""Names of instances where brackets cannot stand: in client order ids and in paths."""

from __future__ import annotations

_PLAIN = str.maketrans({"[": "-", "]": None, ",": "-", " ": "-", ".": "_"})


def slug(name: str) -> str:
    """The name in letters, digits, `_` and `-` alone, as venues want it and no shell takes for a pattern.

    Different names stay different: a declared name has no hyphen, and neither ends nor begins a symbol with
    one; no number has an underscore, and no other item of an index begins with a digit.

    >>> slug("maker"), slug("maker[BTC-USDT]"), slug("maker[BTC-USDT, 0.5]")
    ('maker', 'maker-BTC-USDT', 'maker-BTC-USDT--0_5')
    """
    return name.translate(_PLAIN)
