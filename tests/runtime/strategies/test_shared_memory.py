"""The words of shared memory are defined once: what V8 sees is what Python says."""

from __future__ import annotations

import json
import re
from importlib.resources import files

import pytest
from py_mini_racer import mini_racer

from meltica_compiler.records import shared_memory

SOURCES = {
    "inbox": files("meltica_compiler.records").joinpath("inbox.js.j2").read_text("utf-8"),
    "sandbox": files("meltica_runtime.strategies").joinpath("sandbox.js").read_text("utf-8"),
}

OF_A_REGION = {
    "RING_": (4, shared_memory.RING_HEADER_BYTES),
    "MAILBOX_": (4, shared_memory.MAILBOX_HEAD_BYTES),
}
OTHERWISE = ("BYTES", "MASK", "TOO_LONG")


def test_v8_sees_each_word_where_python_has_it():
    words = shared_memory.words()
    with mini_racer() as v8:
        text = v8.eval(f"{shared_memory.javascript()} JSON.stringify({{ {', '.join(words)} }})")
    assert json.loads(text) == words
    assert len(words) > 20


@pytest.mark.parametrize("name", SOURCES)
def test_javascript_names_every_word_that_it_reads_or_writes(name):
    by_number = r"\b(?:words|cells|mail)\[\s*\d|\batomic(?:Load|Store)\(\w+,\s*\d"
    assert re.findall(by_number, SOURCES[name]) == []


def test_every_word_is_used_in_javascript():
    javascript = "".join(SOURCES.values())
    unused = [name for name in shared_memory.words() if name not in javascript]
    assert [name for name in unused if not name.endswith(OTHERWISE)] == []


@pytest.mark.parametrize("prefix", OF_A_REGION)
def test_words_of_one_region_have_a_place_each(prefix):
    size, region = OF_A_REGION[prefix]
    own = [
        index
        for name, index in shared_memory.words().items()
        if name.startswith(prefix) and not name.endswith(OTHERWISE)
    ]
    assert len(set(own)) == len(own) >= 4
    assert max(own) * size < region
