import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meltica_compiler.modules.registry_file import (
    RegistryFault,
    Revision,
    StrategyEntry,
    parse_registry,
    render_registry,
)

HASH = "sha256:" + "a" * 64
NAMES = st.from_regex(r"[a-z0-9][a-z0-9_.-]{0,9}", fullmatch=True)
HASHES = st.integers(0, 16**64 - 1).map(lambda n: f"{n:064x}")


@st.composite
def registries(draw):
    registry = {}
    for name in draw(st.sets(NAMES, max_size=4)):
        hashes = sorted(draw(st.sets(HASHES, min_size=1, max_size=3)))
        revisions = {h: Revision(h, draw(NAMES), draw(NAMES)) for h in hashes}
        registry[name] = StrategyEntry(
            draw(st.dictionaries(NAMES, st.sampled_from(hashes), max_size=3)), revisions
        )
    return registry


@given(registries())
def test_what_is_written_reads_back_the_same(registry):
    assert parse_registry(render_registry(registry)) == registry


def one_entry(**parts):
    return json.dumps({"maker": {"tags": {}, "hashes": {}} | parts}, indent=2)


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("", "it is not JSON: expecting value", 1),
        ('{\n"maker": }', "it is not JSON: expecting value", 2),
        ("[]", "it is not an object", 1),
        ('{\n  "maker": 3\n}', "`maker` is not an object", 2),
        ('{"maker":\n {"hashes": {}}}', "`maker.tags` is not an object", 1),
        (one_entry(tags={"latest": HASH}), "tag `latest` of `maker` names a hash that `hashes` lacks", 4),
        (one_entry(hashes={HASH: {"tag": "1"}}), "a revision of `maker` has no `path`", 5),
        (one_entry(hashes={HASH: {"path": "m.js"}}), "a revision of `maker` has no `tag`", 5),
        ('{\n"maker": {},\n"maker": {}}', "`maker` stands twice in one object", 2),
        ("[" * 100_000, "it is nested too deeply to be a registry", 1),
    ],
)
def test_a_broken_file_is_told_with_its_line(text, message, line):
    fault = parse_registry(text)
    assert isinstance(fault, RegistryFault)
    assert (fault.message, fault.line) == (message, line)


def test_a_hash_that_is_none_is_told():
    fault = parse_registry(one_entry(hashes={"md5:1": {"tag": "1", "path": "m.js"}}))
    assert isinstance(fault, RegistryFault)
    assert fault.message == '`maker.hashes` holds "md5:1", not `sha256:` and 64 hex digits in lower case'
    assert (fault.line, fault.column) == (5, 7)
