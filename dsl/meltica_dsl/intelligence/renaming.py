"""Renaming a thing everywhere, or saying why not."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from meltica_dsl.diagnostics.diagnostic import Edit
from meltica_dsl.intelligence.occurrences import Index, Local, Thing, index
from meltica_dsl.parse.parser import parse
from meltica_dsl.resolve.scope import Noun

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Refusal(Struct, frozen=True):
    """Why a thing is not renamed, in words for the user."""

    message: str


def rename(known: Index, thing: Thing, new: str, texts: Mapping[str, str]) -> tuple[Edit, ...] | Refusal:
    """The edits that give `thing` the name `new`, in every file of `texts` (text by path).

    After them every name has to mean what it meant before: a rename that would hide another name, or be
    hidden by one, is refused.
    """
    if _NAME.fullmatch(new) is None:
        return Refusal(f"`{new}` is no name: use letters, digits and `_`, and begin with a letter")
    if any(parse(file.path, texts[file.path]).diagnostics for file in known.files):
        return Refusal("there are syntax errors, which may hide uses of the name: mend them first")
    if known.definition(thing) is None:
        return Refusal(f"`{thing.name}` is not declared in these files")
    taken = _taken(known, thing, new)
    if taken is not None:
        return Refusal(f"there is {_phrase(taken)} called `{new}` already")
    edits = tuple(Edit(occurrence.span, new) for occurrence in known.of(thing))
    return edits if _keeps_meaning(known, thing, new, edits, texts) else _hidden(thing, new)


def applied(text: str, edits: tuple[Edit, ...]) -> str:
    """The text of one file after its edits, which do not overlap."""
    for edit in sorted(edits, key=lambda edit: -edit.span.start):
        text = text[: edit.span.start] + edit.replacement + text[edit.span.end :]
    return text


def _taken(known: Index, thing: Thing, new: str) -> Noun | Local | None:
    """What has the new name already where the thing's name counts."""
    kinds: tuple[Noun | Local, ...] = (thing.kind,)
    if thing.kind in (Noun.STRATEGY, Noun.SINK):
        kinds = (Noun.STRATEGY, Noun.SINK)
    elif isinstance(thing.kind, Local):
        kinds = tuple(Local)
    return next(
        (kind for kind in kinds if new != thing.name and known.of(Thing(kind, new, thing.home))), None
    )


def _phrase(kind: Noun | Local) -> str:
    return kind.phrase if isinstance(kind, Noun) else f"a {kind.value}"


def _keeps_meaning(
    known: Index, thing: Thing, new: str, edits: tuple[Edit, ...], texts: Mapping[str, str]
) -> bool:
    parsed = []
    for file in known.files:
        own = tuple(edit for edit in edits if edit.span.path == file.path)
        parsed.append(parse(file.path, applied(texts[file.path], own)))
    if any(one.diagnostics for one in parsed):
        return False
    after = index(one.file for one in parsed)
    return _shape(known, thing, new) == _shape(after, None, new)


def _shape(known: Index, renamed: Thing | None, new: str) -> list[tuple[Noun | Local, str, bool]]:
    """What stands where, places left out, since a longer name moves them."""
    ordered = sorted(known.occurrences, key=lambda o: (o.span.path, o.span.start, o.is_definition))
    return [(o.thing.kind, new if o.thing == renamed else o.thing.name, o.is_definition) for o in ordered]


def _hidden(thing: Thing, new: str) -> Refusal:
    return Refusal(f"`{new}` means something else where `{thing.name}` is used")
