from hypothesis import given
from hypothesis import strategies as st

from meltica_runtime.orders.executions import NO_EXECUTIONS, Executions


def test_a_version_never_changes_when_another_grows_from_it() -> None:
    first = Executions(["a"])
    left = first.with_id("b")
    right = first.with_id("c")

    assert (list(first), list(left), list(right)) == (["a"], ["a", "b"], ["a", "c"])
    assert "b" not in first
    assert "b" not in right
    assert list(NO_EXECUTIONS.with_id("x")) == ["x"]
    assert list(NO_EXECUTIONS) == []


def test_versions_with_the_same_ids_are_equal() -> None:
    grown = Executions(["a"]).with_id("b")

    assert grown == Executions(["a", "b"])
    assert hash(grown) == hash(Executions(["a", "b"]))
    assert grown != Executions(["b", "a"])


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5)), max_size=40))
def test_every_version_holds_what_went_into_it(steps: list[tuple[int, int]]) -> None:
    versions: list[tuple[Executions, list[str]]] = [(NO_EXECUTIONS, [])]
    for number, (base, id_) in enumerate(steps):
        executions, ids = versions[base % len(versions)]
        new_id = f"{id_}-{number}"
        versions.append((executions.with_id(new_id), [*ids, new_id]))

    for executions, ids in versions:
        assert list(executions) == ids
        assert len(executions) == len(ids)
        assert all(id_ in executions for id_ in ids)
