"""The tables of the LALR(1) automaton that `grammar.lark` describes.

Lark analyses the grammar once; the tables are then kept in the user's cache folder as JSON, under a
name derived from the grammar's text. So a run that finds them needs neither the analysis (0.14 s) nor
the import of lark (0.1 s). A cache that is missing, damaged or not writable costs that time and no more.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path

from msgspec import Struct

GRAMMAR_PATH = Path(__file__).with_name("grammar.lark")
_FORMAT = 1
"""Version of the JSON form below."""

_DIGEST_LENGTH = 64


class Rule(Struct, frozen=True):
    """A rule of the grammar, as the parser applies it.

    `kept[i]` says whether the i-th part goes to the builder: keywords and punctuation do not.
    """

    origin: str
    builder: str
    kept: tuple[bool, ...]
    passes_single_child: bool
    is_repetition: bool


class Tables(Struct, frozen=True):
    """`states[state][symbol]` is the next state, or, below zero, `-1 - n` to reduce by rule n."""

    terminals: tuple[tuple[str, str], ...]
    """Names and regular expressions, in the order to try them."""
    keywords: Mapping[str, str]
    ignored: tuple[str, ...]
    rules: tuple[Rule, ...]
    states: tuple[dict[str, int], ...]
    start: int
    end: int


@cache
def grammar_tables() -> Tables:
    """The tables of this version's grammar, from the cache or from lark."""
    grammar = GRAMMAR_PATH.read_text(encoding="utf-8")
    place = cache_file(grammar)
    raw = _read_cache(place)
    if raw is None:
        raw = analyse(grammar)
        _write_cache(place, raw)
    return decode(raw)


def cache_file(grammar: str) -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    digest = sha256(f"{_FORMAT}\n{grammar}".encode()).hexdigest()
    return Path(home) / "meltica" / f"grammar-{digest[:16]}.json"


def decode(raw: str) -> Tables:
    data = json.loads(raw)
    return Tables(
        terminals=tuple((name, regex) for name, regex in data["terminals"]),
        keywords=data["keywords"],
        ignored=tuple(data["ignored"]),
        rules=tuple(Rule(o, b, tuple(k), p, r) for o, b, k, p, r in data["rules"]),
        states=tuple(data["states"]),
        start=data["start"],
        end=data["end"],
    )


def analyse(grammar: str) -> str:
    """The tables of a grammar as JSON, made by lark."""
    # Lark is imported where it is needed: a run that finds its tables in the cache never pays for it.
    from meltica_dsl.parse.grammar_analysis import analyse_grammar  # noqa: PLC0415

    return json.dumps(analyse_grammar(grammar), separators=(",", ":"))


def _read_cache(place: Path) -> str | None:
    """The cached JSON, or None if there is none or its digest, the first 64 bytes, does not match."""
    try:
        content = place.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    digest, raw = content[:_DIGEST_LENGTH], content[_DIGEST_LENGTH:]
    return raw if sha256(raw.encode()).hexdigest() == digest else None


def _write_cache(place: Path, raw: str) -> None:
    """Writes beside the place and renames, so that concurrent readers see all of it or nothing."""
    # A cache that cannot be written is slower, never wrong: a read-only home is no error.
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        own = place.with_name(f"{place.name}.{os.getpid()}.{threading.get_ident()}")
        own.write_text(sha256(raw.encode()).hexdigest() + raw, encoding="utf-8")
        os.replace(own, place)
