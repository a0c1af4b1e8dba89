"""Renaming what a name stands for everywhere, or saying why not."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from meltica_dsl.diagnostics.diagnostic import Edit
from meltica_dsl.diagnostics.fixing import apply_edits
from meltica_dsl.intelligence.occurrences import Binding, Index, Local, index
from meltica_dsl.parse.parser import parse
from meltica_dsl.resolve.scope import DeclKind

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Refusal(Struct, frozen=True):
    """Why a name is not changed, in words for the user."""

    message: str


def rename(known: Index, binding: Binding, new: str, texts: Mapping[str, str]) -> tuple[Edit, ...] | Refusal:
    """The edits that give `binding` the name `new`, in every file of `texts` (text by path).

    After them every name has to mean what it meant before: a rename that would hide another name, or be
    hidden by one, is refused.
    """
    if _NAME.fullmatch(new) is None:
        return Refusal(f"`{new}` is no name: use letters, digits and `_`, and begin with a letter")
    if any(parse(file.path, texts[file.path]).diagnostics for file in known.files):
        return Refusal("there are syntax errors, which may hide uses of the name: mend them first")
    if known.definition(binding) is None:
        return Refusal(f"`{binding.name}` is not declared in these files")
    taken = _taken(known, binding, new)
    if taken is not None:
        return Refusal(f"there is {_phrase(taken)} called `{new}` already")
    edits = tuple(Edit(occurrence.span, new) for occurrence in known.of(binding))
    return edits if _keeps_meaning(known, binding, new, edits, texts) else _hidden(binding, new)


def _taken(known: Index, binding: Binding, new: str) -> DeclKind | Local | None:
    """What has the new name already where the name counts."""
    kinds: tuple[DeclKind | Local, ...] = (binding.kind,)
    if binding.kind in (DeclKind.STRATEGY, DeclKind.SINK):
        kinds = (DeclKind.STRATEGY, DeclKind.SINK)
    elif isinstance(binding.kind, Local):
        kinds = tuple(Local)
    return next(
        (kind for kind in kinds if new != binding.name and known.of(Binding(kind, new, binding.home))), None
    )


def _phrase(kind: DeclKind | Local) -> str:
    return kind.phrase if isinstance(kind, DeclKind) else f"a {kind.value}"


def _keeps_meaning(
    known: Index, binding: Binding, new: str, edits: tuple[Edit, ...], texts: Mapping[str, str]
) -> bool:
    changed = apply_edits(texts, edits)
    parsed = [parse(file.path, changed[file.path]) for file in known.files]
    if any(one.diagnostics for one in parsed):
        return False
    after = index(one.file for one in parsed)
    return _shape(known, binding, new) == _shape(after, None, new)


def _shape(known: Index, renamed: Binding | None, new: str) -> list[tuple[DeclKind | Local, str, bool]]:
    """What stands where, places left out, since a longer name moves them."""
    ordered = sorted(known.occurrences, key=lambda o: (o.span.path, o.span.start, o.is_definition))
    return [
        (o.binding.kind, new if o.binding == renamed else o.binding.name, o.is_definition) for o in ordered
    ]


def _hidden(binding: Binding, new: str) -> Refusal:
    return Refusal(f"`{new}` means something else where `{binding.name}` is used")
