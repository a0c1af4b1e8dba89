"""From a pipeline's text to its JSON form."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set

from msgspec import Struct

from meltica_dsl import syntax
from meltica_dsl.diagnostics.diagnostic import Diagnostic
from meltica_dsl.formatting import inline
from meltica_dsl.formatting.declarations import one_line
from meltica_dsl.formatting.formatter import format_source
from meltica_dsl.formatting.page import Page
from meltica_dsl.json_form.comment_map import CommentMap
from meltica_dsl.json_form.shapes import FORMAT_VERSION
from meltica_dsl.json_form.values import JsonData, Number, dump_json
from meltica_dsl.parse.parser import parse
from meltica_dsl.text.source import SourceFile, Span
from meltica_dsl.text.strings import quoted, read_string

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")

Object = dict[str, JsonData]


class Converted(Struct, frozen=True):
    """`text` is None when the input has errors."""

    text: str | None
    diagnostics: tuple[Diagnostic, ...]


def mel_to_json(path: str, text: str) -> Converted:
    """The JSON form of a pipeline's text. Only its syntax is looked at."""
    formatted = format_source(path, text)
    if formatted.text is None:
        return Converted(None, formatted.diagnostics)
    return Converted(dump_json(_document(path, formatted.text)), ())


def _document(path: str, canonical: str) -> Object:
    file = parse(path, canonical).file
    comments = CommentMap(SourceFile(path, canonical), file.comments)
    page = Page(canonical, file.comments)
    declarations: list[JsonData] = []
    before: syntax.Declaration | None = None
    for node in file.declarations:
        made = _Writer(comments).declaration(node)
        if before is not None and not _stand_together(page, before, node):
            _leave_first_gap_to_the_formatter(made)
        declarations.append(made)
        before = node
    version: Object = {"meltica": Number(FORMAT_VERSION)}
    return version | {"declarations": declarations} | _if_any("below", comments.at_end())


def _stand_together(page: Page, before: syntax.Declaration, node: syntax.Declaration) -> bool:
    """Whether an empty line between the two is the writer's choice."""
    are_short = one_line(page, before) is not None and one_line(page, node) is not None
    return are_short and type(before) is type(node)


def _leave_first_gap_to_the_formatter(made: Object) -> None:
    match made.get("above"):
        case ["", *rest] if "" not in rest:
            made.pop("above")
            if rest:
                made["above"] = rest


def _if_any(key: str, value: JsonData | None) -> Object:
    return {} if value is None or value == [] else {key: value}


class _Writer:
    """Makes plain JSON of syntax, with the comments that stand at it."""

    def __init__(self, comments: CommentMap) -> None:
        self._comments = comments

    def declaration(self, node: syntax.Declaration) -> Object:
        above, made = self._above(node.span), self._parts(node)
        is_flow = isinstance(node, syntax.RouteDecl | syntax.StageDecl)
        if is_flow and self._comments.is_broken(node.span.start, node.span.end):
            # What stands beside its last line stands beside the last of its parts.
            return above | made
        return above | made | self._beside(node.span)

    def _above(self, span: Span) -> Object:
        return _if_any("above", self._comments.above(span.start))

    def _beside(self, span: Span) -> Object:
        return _if_any("beside", self._comments.beside(span.end))

    def _parts(self, node: syntax.Declaration) -> Object:  # noqa: PLR0911 - one return for each kind
        match node:
            case syntax.PipelineDecl():
                return self._named("pipeline", node.name) | self._body(node.body)
            case syntax.ImportDecl():
                return {"kind": "import", "path": _string(node.path)}
            case syntax.LetDecl():
                return self._named("let", node.name) | {"value": self.value(node.value)}
            case syntax.StrategyDecl():
                head = self._named("strategy", node.name, node.modifiers)
                body = self._body(node.body, _STRATEGY_BLOCKS)
                return head | {"module": self.value(node.selector)} | body
            case syntax.SinkDecl():
                head = self._named("sink", node.name, node.modifiers)
                return head | {"type": node.kind.text} | self._body(node.body)
            case syntax.StageDecl():
                return self._stage(node)
            case syntax.RouteDecl():
                return self._route(node)
            case syntax.TestDecl():
                return self._test(node)
            case syntax.UnreadableDecl():
                raise AssertionError("a file with syntax errors has no JSON form")
            case _:
                kind = _BLOCK_KINDS[type(node)]
                return self._named(kind, node.name, node.modifiers) | self._body(node.body)

    def _named(self, kind: str, name: syntax.Name, modifiers: tuple[syntax.Modifier, ...] = ()) -> Object:
        return {"kind": kind, "name": name.text} | _if_any("modifiers", list(map(self._modifier, modifiers)))

    def _modifier(self, node: syntax.Modifier) -> Object:
        if isinstance(node, syntax.Repeat):
            return {"for": node.variable.text, "in": self.value(node.items)}
        return {"if": self.value(node.condition)}

    def _body(self, body: syntax.ObjectLiteral | None, blocks: Set[str] = frozenset()) -> Object:
        return {} if body is None else {"settings": self._object(body, blocks)}

    def _stage(self, node: syntax.StageDecl) -> Object:
        parameters: list[JsonData] = [parameter.text for parameter in node.parameters]
        head = self._named("stage", node.name) | _if_any("parameters", parameters)
        if self._comments.is_broken(node.span.start, node.span.end):
            return head | {"stages": self._calls(node.calls)} | self._open(node.span)
        return head | {"stages": list(map(inline.call, node.calls))}

    def _route(self, node: syntax.RouteDecl) -> Object:
        head: Object = self._named("route", node.name, node.modifiers) | {"via": inline.node_ref(node.pool)}
        if node.durable:
            head["durable"] = True
        sources: list[JsonData] = [self._noted("source", inline.source(s), s.span) for s in node.sources]
        targets: list[JsonData] = [self._noted("target", inline.node_ref(t), t.span) for t in node.targets]
        flow = _if_any("stages", self._calls(node.calls)) | _if_any("targets", targets)
        return head | {"sources": sources} | flow | self._open(node.span)

    def _calls(self, calls: tuple[syntax.StageCall, ...]) -> list[JsonData]:
        return [self._noted("stage", inline.call(call), call.span) for call in calls]

    def _noted(self, key: str, text: str, span: Span) -> JsonData:
        """A text, or an object if comments stand at it."""
        above, beside = self._above(span), self._beside(span)
        one: Object = {key: text}
        return above | one | beside if above or beside else text

    def _open(self, span: Span) -> Object:
        """The comment at the end of the first of several lines."""
        is_broken = self._comments.is_broken(span.start, span.end)
        return _if_any("open", self._comments.aside(span.start) if is_broken else None)

    def _test(self, node: syntax.TestDecl) -> Object:
        head: Object = {"kind": "test", "title": _string(node.title)}
        steps = list(map(self._step, node.steps))
        below = _if_any("below", self._comments.lines_above(node.span.end - 1))
        return head | {"steps": steps} | self._open(node.span) | below

    def _step(self, node: syntax.TestStep) -> JsonData:
        if isinstance(node, syntax.EventStep) and self._comments.is_broken(node.span.start, node.span.end):
            head: Object = {"step": inline.event_head(node), "fields": self._object(node.body)}
            return self._above(node.span) | head | self._beside(node.span)
        return self._noted("step", inline.step(node), node.span)

    def value(self, expr: syntax.Expr) -> JsonData:
        match expr:
            case syntax.Truth():
                return expr.value
            case syntax.StringLiteral():
                value = _plain_string(expr.text)
                return expr.text if value is None else {"$text": value}
            case syntax.ListLiteral():
                return self._list(expr)
            case syntax.ObjectLiteral():
                return self._object(expr)
        text = inline.expression(expr)
        return Number(text) if _NUMBER.fullmatch(text) else text

    def _list(self, node: syntax.ListLiteral) -> JsonData:
        around = self._around(node.span)
        items = [(self.value(item), self._at(item.span, node.span)) for item in node.items]
        if not around and not any(at for _, at in items):
            return [value for value, _ in items]
        long: list[JsonData] = [{"value": value} | at for value, at in items]
        return {"$items": long} | around

    def _object(self, node: syntax.ObjectLiteral, blocks: Set[str] = frozenset()) -> JsonData:
        """`blocks` are the keys that canonical form makes blocks of by itself."""
        around = self._around(node.span)
        entries = [(entry, self._at(entry.span, node.span)) for entry in node.entries]
        keys = {entry.key.text for entry in node.entries}
        is_noted = around or any(at for _, at in entries)
        has_blocks = any(entry.is_block and entry.key.text not in blocks for entry in node.entries)
        if len(keys) == len(entries) and not is_noted and not has_blocks:
            return {entry.key.text: self.value(entry.value) for entry in node.entries}
        long: list[JsonData] = [self._entry(entry) | at for entry, at in entries]
        return {"$entries": long} | around

    def _entry(self, node: syntax.Entry) -> Object:
        mark: Object = {"block": True} if node.is_block else {}
        return {"key": node.key.text, "value": self.value(node.value)} | mark

    def _at(self, span: Span, outer: Span) -> Object:
        """The comments at a part of a list or object that takes several lines."""
        if not self._comments.is_broken(outer.start, outer.end):
            return {}
        return self._above(span) | self._beside(span)

    def _around(self, span: Span) -> Object:
        """The comments behind the opening and before the closing bracket."""
        if not self._comments.is_broken(span.start, span.end):
            return {}
        below = self._comments.lines_above(span.end - 1)
        return _if_any("$open", self._comments.aside(span.start)) | _if_any("$below", below)


_STRATEGY_BLOCKS = frozenset(("config",))

_BLOCK_KINDS: Mapping[type, str] = {
    syntax.ProviderDecl: "provider",
    syntax.PoolDecl: "pool",
    syntax.RiskDecl: "risk",
    syntax.PlaceDecl: "place",
}


def _string(node: syntax.StringLiteral) -> JsonData:
    value = _plain_string(node.text)
    return {"$literal": node.text} if value is None else value


def _plain_string(literal: str) -> str | None:
    """What a literal means, if it is written as its meaning would be."""
    value = read_string(literal)
    return value if isinstance(value, str) and quoted(value) == literal else None
