"""The outline of a file: its declarations, and what stands inside them."""

from __future__ import annotations

from msgspec import Struct

from meltica_dsl import syntax
from meltica_dsl.formatting import inline
from meltica_dsl.resolve.scope import declares
from meltica_dsl.text.source import Span
from meltica_dsl.text.strings import read_string


class OutlineItem(Struct, frozen=True):
    """`keyword` is that of the declaration, `key` for a setting. `name_span` lies within `span`."""

    keyword: str
    name: str
    detail: str
    span: Span
    name_span: Span
    children: tuple[OutlineItem, ...] = ()


def outline(file: syntax.File, text: str) -> tuple[OutlineItem, ...]:
    """One item for each declaration, those that have errors included, so that none comes and goes."""
    return tuple(item for d in file.declarations if (item := _item(d, text)) is not None)


def _item(declaration: syntax.Declaration, text: str) -> OutlineItem | None:
    span = declaration.span
    match declaration:
        case syntax.UnreadableDecl():
            name = declaration.name
            return None if name is None else OutlineItem(declaration.keyword, name.text, "", span, name.span)
        case syntax.ImportDecl():
            return OutlineItem("import", _plain(declaration.path), "", span, declaration.path.span)
        case syntax.TestDecl():
            return OutlineItem("test", _plain(declaration.title), "", span, declaration.title.span)
        case syntax.PipelineDecl():
            return OutlineItem(
                "pipeline", declaration.name.text, "", span, declaration.name.span, _keys(declaration.body)
            )
    declared = declares(declaration)
    assert declared is not None, "every other declaration has a name"
    decl_kind, name = declared
    return OutlineItem(
        decl_kind.value, name.text, _detail(declaration, text), span, name.span, _inside(declaration)
    )


def _plain(string: syntax.StringLiteral) -> str:
    value = read_string(string.text)
    return value if isinstance(value, str) and value.strip() else string.text


_MAX_DETAIL = 60


def _detail(declaration: syntax.Declaration, text: str) -> str:
    match declaration:
        case syntax.LetDecl():
            shown = text[declaration.value.span.start : declaration.value.span.end]
        case syntax.StrategyDecl():
            shown = text[declaration.selector.span.start : declaration.selector.span.end]
        case syntax.SinkDecl():
            shown = declaration.kind.text
        case syntax.RouteDecl():
            sources = ", ".join(text[s.span.start : s.span.end] for s in declaration.sources)
            shown = f"{sources} → {', '.join(map(inline.node_ref, declaration.targets))}"
        case _:
            return ""
    shown = " ".join(shown.split())
    return shown if len(shown) <= _MAX_DETAIL else shown[: _MAX_DETAIL - 1] + "…"


def _inside(declaration: syntax.Declaration) -> tuple[OutlineItem, ...]:
    return _keys(declaration.body) if isinstance(declaration, syntax.BlockDecl) else ()


def _keys(body: syntax.ObjectLiteral | None) -> tuple[OutlineItem, ...]:
    return tuple(
        OutlineItem("key", entry.key.text, "", entry.span, entry.key.span)
        for entry in (body.entries if body is not None else ())
    )
