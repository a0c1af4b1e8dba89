"""What people are told of the language's words is what the language takes."""

from __future__ import annotations

import re

import pytest

from meltica_dsl.intelligence.vocabulary import DECLARATIONS, FULL_POLICIES, KEYS, STAGES
from meltica_dsl.load import load
from meltica_dsl.model.fields import HOT_EVENTS
from meltica_dsl.model.pipeline import FullPolicy
from meltica_dsl.parse.tables import grammar_tables
from meltica_dsl.resolve.stages import STAGE_WORDS

BLOCKS = {
    "pipeline": "pipeline p {{ {} }}",
    "pool": "pipeline p\npool x {{ {} }}",
    "strategy": 'pipeline p\nstrategy x = "noop" {{ {} }}',
    "risk": "pipeline p\nrisk x {{ {} }}",
}


def known_keys(text):
    """The keys that the language names when it meets one that it does not know."""
    (found,) = [d for d in load("a.mel", text, {}).diagnostics if d.code == "E0303"]
    # A key that is read twice is listed twice.
    return set(re.findall(r"`(\w+)`", found.help[0]))


@pytest.mark.parametrize("decl_kind", BLOCKS)
def test_the_keys_of_a_block_are_those_that_the_language_takes(decl_kind):
    assert known_keys(BLOCKS[decl_kind].format("qqqqqqqqqqqq = 1")) == {key.name for key in KEYS[decl_kind]}


@pytest.mark.parametrize("key", [key for key in KEYS["risk"] if key.members], ids=lambda key: key.name)
def test_the_keys_of_an_object_are_those_that_the_language_takes(key):
    text = BLOCKS["risk"].format(f"{key.name} = {{ qqqqqqqqqqqq = 1 }}")
    assert known_keys(text) == {member.name for member in key.members}


@pytest.mark.parametrize("decl_kind", ["pool", "strategy", "risk"])
def test_a_default_is_what_leaving_the_key_out_means(decl_kind):
    given = {k.name: k.default for k in KEYS[decl_kind] if k.default}
    needed = "events = 8, on_full = block" if decl_kind == "pool" else ""
    spelled = ", ".join(f"{name} = {value}" for name, value in given.items())

    def part(settings):
        loaded = load("a.mel", BLOCKS[decl_kind].format(f"{needed} {settings}"), {})
        assert loaded.is_valid, loaded.diagnostics
        pipeline = loaded.pipeline
        (one,) = (*pipeline.pools, *pipeline.strategies, *pipeline.risks)
        return {k: v for k, v in vars_of(one).items() if "span" not in k}

    assert part(spelled) == part("")


def vars_of(part):
    return {name: getattr(part, name) for name in part.__struct_fields__}


def test_every_declaration_and_stage_of_the_grammar_is_told_of():
    keywords = grammar_tables().keywords
    assert set(STAGES) == set(STAGE_WORDS)
    assert set(DECLARATIONS) | set(STAGES) <= set(keywords)
    assert list(FULL_POLICIES) == [policy.value for policy in FullPolicy]
    assert not set(STAGES) & {event.name for event in HOT_EVENTS} - {"kline"}
