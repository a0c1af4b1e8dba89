"""The execution ids that an order has seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


class Executions:
    """An immutable, ordered set of ids that grows at its end at the same cost whatever its size.

    Successive versions share one index; each sees only its own first `len(self)` ids. A version
    that another one already grew from copies the index before it grows, so no version ever changes.
    """

    __slots__ = ("_count", "_index")

    def __init__(self, ids: Iterable[str] = ()) -> None:
        self._index = {id_: place for place, id_ in enumerate(dict.fromkeys(ids))}
        self._count = len(self._index)

    def __contains__(self, execution_id: str) -> bool:
        return self._index.get(execution_id, self._count) < self._count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[str]:
        for place, id_ in enumerate(self._index):
            if place == self._count:
                return
            yield id_

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Executions) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"Executions({list(self)!r})"

    def with_id(self, execution_id: str) -> Executions:
        """These ids and one more. `execution_id` must not be among them yet."""
        assert execution_id not in self, "a duplicate is recognised before it gets here"
        is_tip = len(self._index) == self._count > 0
        grown = Executions.__new__(Executions)
        grown._index = self._index if is_tip else {id_: place for place, id_ in enumerate(self)}
        grown._index[execution_id] = self._count
        grown._count = self._count + 1
        return grown


NO_EXECUTIONS = Executions()
