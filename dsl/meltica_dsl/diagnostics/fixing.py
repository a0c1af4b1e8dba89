"""Applying the fixes that diagnostics carry: `meltica check --fix`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct

from meltica_dsl.diagnostics.diagnostic import Diagnostic, Edit, Fix, Severity
from meltica_dsl.text.source import Location, SourceFile

Texts = Mapping[str, str]
"""Texts of files, by their paths."""

Check = Callable[[Texts], tuple[Diagnostic, ...]]
"""What is wrong with them."""

MAX_ROUNDS = 50
"""A mended declaration may show the next mistake in it, so fixing goes on; a declaration has fewer places
than that for a mistake that hides the next."""

_SYNTAX = "E01"


class AppliedFix(Struct, frozen=True):
    """A fix that was made, and where: in the text as it was before its round."""

    code: str
    location: Location
    title: str


class FixResult(Struct, frozen=True):
    """`texts` are those of all files, changed or not; `remaining` is what is still wrong with them."""

    texts: Texts
    applied: tuple[AppliedFix, ...]
    remaining: tuple[Diagnostic, ...]


def apply_fixes(texts: Texts, check: Check) -> FixResult:
    """Applies every fix that does not overlap with an earlier one, checks again, and goes on until nothing
    more applies. What comes out never has more errors than what went in, nor more errors of syntax."""
    before = FixResult(texts, (), check(texts))
    eager = _rounds(before, check, _all_at_once)
    # A mended declaration is read further, and may show more mistakes than it had.
    return (
        eager if _is_no_worse(eager.remaining, before.remaining) else _rounds(before, check, _one_that_helps)
    )


Round = Callable[[FixResult, Check], "FixResult | None"]


def _rounds(state: FixResult, check: Check, one_round: Round) -> FixResult:
    seen = [state.texts]
    for _ in range(MAX_ROUNDS):
        after = one_round(state, check)
        if after is None or after.texts in seen:
            return state
        seen.append(after.texts)
        state = after
    return state


def _all_at_once(state: FixResult, check: Check) -> FixResult | None:
    chosen = list(_apart(_mechanical(state)))
    return _after(state, chosen, check) if chosen else None


def _one_that_helps(state: FixResult, check: Check) -> FixResult | None:
    for one in _mechanical(state):
        after = _after(state, [one], check)
        if _is_no_worse(after.remaining, state.remaining):
            return after
    return None


def _after(state: FixResult, chosen: list[tuple[Diagnostic, Fix]], check: Check) -> FixResult:
    texts = apply_edits(state.texts, (edit for _, fix in chosen for edit in fix.edits))
    sources = {path: SourceFile(path, text) for path, text in state.texts.items()}
    made = (
        AppliedFix(found.code, sources[found.span.path].location(found.span.start), fix.title)
        for found, fix in chosen
    )
    return FixResult(texts, (*state.applied, *made), check(texts))


def _mechanical(state: FixResult) -> Iterator[tuple[Diagnostic, Fix]]:
    """Where there are several ways out, the choice is not ours."""
    for diagnostic in state.remaining:
        if len(diagnostic.fixes) == 1 and diagnostic.span.path in state.texts:
            (fix,) = diagnostic.fixes
            if all(edit.span.path in state.texts for edit in fix.edits):
                yield diagnostic, fix


def _apart(fixes: Iterable[tuple[Diagnostic, Fix]]) -> Iterator[tuple[Diagnostic, Fix]]:
    """Those that touch no place which an earlier one touches."""
    taken: list[Edit] = []
    for diagnostic, fix in fixes:
        if not any(_touch(edit, other) for edit in fix.edits for other in taken):
            taken += fix.edits
            yield diagnostic, fix


def _touch(one: Edit, other: Edit) -> bool:
    a, b = one.span, other.span
    return a.path == b.path and a.start <= b.end and b.start <= a.end


def apply_edits(texts: Texts, edits: Iterable[Edit]) -> dict[str, str]:
    """The texts with the edits made. Edits do not overlap."""
    changed = dict(texts)
    for edit in sorted(edits, key=lambda e: e.span.start, reverse=True):
        text = changed[edit.span.path]
        changed[edit.span.path] = text[: edit.span.start] + edit.replacement + text[edit.span.end :]
    return changed


def _is_no_worse(after: Iterable[Diagnostic], before: Iterable[Diagnostic]) -> bool:
    counted = [
        [d.code for d in found if d.severity is Severity.ERROR] for found in (tuple(after), tuple(before))
    ]
    unread = [sum(code.startswith(_SYNTAX) for code in codes) for codes in counted]
    return len(counted[0]) <= len(counted[1]) and unread[0] <= unread[1]
