from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from meltica_runtime.instance_names import slug

words = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,3}", fullmatch=True)
items = st.one_of(
    words,
    st.from_regex(r"[A-Z]{1,2}-[A-Z]{1,2}", fullmatch=True),
    st.from_regex(r"-?(0|[1-9][0-9]?)(\.[0-9]?[1-9])?", fullmatch=True),
    st.sampled_from(("1m", "1m30s", "500ms")),
)
names = st.one_of(
    words,
    st.builds(
        lambda name, index: f"{name}[{', '.join(index)}]", words, st.lists(items, min_size=1, max_size=3)
    ),
)


@given(names, names)
def test_names_stay_different_and_hold_what_venues_take(one, other):
    assert (slug(one) == slug(other)) == (one == other)
    assert re.fullmatch(r"[A-Za-z0-9_-]+", slug(one))
