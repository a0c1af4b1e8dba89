"""From `grammar.lark` to plain tables, by lark's LALR analysis. Only a missing cache imports this."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lark import Lark
from lark.grammar import Rule
from lark.lexer import TerminalDef

_WORD = re.compile(r"[a-z_]+")
_SHIFT = 0

JsonDict = dict[str, object]


def analyse_grammar(grammar: str) -> JsonDict:
    """The tables in JSON's types; `tables.decode` reads them."""
    lark = Lark(grammar, parser="lalr", lexer="contextual", maybe_placeholders=False)
    # Lark's own serialised form, the one that its standalone parsers are made of.
    data, memo = lark.memo_serialize([TerminalDef, Rule])
    automaton = data["parser"]["parser"]
    rule_numbers = {key: i for i, key in enumerate(k for k, v in memo.items() if v["__type__"] == "Rule")}
    return {
        **_terminals(lark),
        "rules": [_rule(memo[key]) for key in rule_numbers],
        "states": _states(automaton, rule_numbers),
        "start": automaton["start_states"]["start"],
        "end": automaton["end_states"]["start"],
    }


def _terminals(lark: Lark) -> JsonDict:
    """Words are read as names first and become keywords where one can stand, so they are kept apart."""
    words = [t for t in lark.terminals if t.pattern.type == "str" and _WORD.fullmatch(t.pattern.value)]
    others = [t for t in lark.terminals if t not in words]
    # Lark's own order: priority, then the longest.
    others.sort(key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value), t.name))
    return {
        "terminals": [[t.name, t.pattern.to_regexp()] for t in others],
        "keywords": {t.pattern.value: t.name for t in words},
        "ignored": list(lark.ignore_tokens),
    }


def _rule(rule: Mapping[str, Any]) -> list[object]:
    origin = rule["origin"]["name"]
    is_repetition = origin.startswith("__")
    kept = [not part.get("filter_out", False) for part in rule["expansion"]]
    passes = rule["options"]["expand1"] and not rule["alias"]
    assert not passes or kept == [True], f"`{origin}` hands on one part and drops others: give it an alias"
    return [origin, rule["alias"] or origin, kept, bool(passes), is_repetition]


def _states(automaton: Mapping[str, Any], rule_numbers: Mapping[int, int]) -> list[dict[str, int]]:
    names, states = automaton["tokens"], automaton["states"]
    return [
        {
            names[token]: argument if action == _SHIFT else -1 - rule_numbers[argument["@"]]
            for token, (action, argument) in states[number].items()
        }
        for number in range(len(states))
    ]
