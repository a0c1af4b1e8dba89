"""The config file as plain data, with the place of every key and value. Needs nothing but a YAML parser."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from meltica_dsl.diagnostics.diagnostic import Diagnostic
from meltica_dsl.parse.read import read_source
from meltica_dsl.text.source import SourceFile, Span

Key = tuple[str | int, ...]
"""The way to a value: keys of sections and indexes in lists."""

_PASSWORD = re.compile(r"(://[^\s:/@]*:)(\S*)@")
"""User, password and the `@` after them in a URL; the password as long as it can be."""

MAX_DEPTH = 16
"""Sections in sections. The deepest key there is lies two deep."""


@dataclass(frozen=True, slots=True)
class KeySpans:
    """Where an entry's value stands, and its key."""

    value: Span
    key: Span


@dataclass(slots=True)
class ConfigDocument:
    """A config file, read but not judged. `data` lacks what `diagnostics` complain about."""

    source: SourceFile
    data: dict[str, object] = field(default_factory=dict)
    spans: dict[Key, KeySpans] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def spans_of(self, key: Key) -> KeySpans:
        """The spans of a key, or of the innermost section around it that is there."""
        while key and key not in self.spans:
            key = key[:-1]
        nowhere = Span(self.source.path, 0, 0)
        return self.spans.get(key, KeySpans(nowhere, nowhere))

    def shown_source(self) -> SourceFile:
        """The file as messages may show it: a data source name can hold a password, so it is starred out.

        Every character keeps its place. What is not yet known to be one is starred by its looks alone.
        """
        text = _PASSWORD.sub(lambda found: found[1] + "*" * len(found[2]) + "@", self.source.text)
        dsn = self.spans.get(("database", "dsn"))
        if dsn is not None:
            begin, end = dsn.value.start, dsn.value.end
            text = text[:begin] + "*" * (end - begin) + text[end:]
        return SourceFile(self.source.path, text)


def read_document(path: Path) -> ConfigDocument:
    """Reads a config file. Whatever is wrong with it as a file or as YAML is in the diagnostics."""
    text = read_source(path)
    if isinstance(text, Diagnostic):
        return ConfigDocument(SourceFile(str(path), ""), diagnostics=[text])
    return parse_document(str(path), text)


def parse_document(path: str, text: str) -> ConfigDocument:
    document = ConfigDocument(SourceFile(path, text))
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        _report_yaml_error(document, error)
    except yaml.YAMLError as error:
        _report(document, Span(path, 0, 0), f"the config is no YAML: {error}")
    except RecursionError:
        _report(document, Span(path, 0, 0), "the config is nested too deeply")
    else:
        _take_root(document, root)
    return document


def _take_root(document: ConfigDocument, root: yaml.Node | None) -> None:
    if root is None:
        return
    if not isinstance(root, yaml.MappingNode):
        _report(document, _span(document, root), "a config is a list of `key: value`")
        return
    data = _TreeReader(document).mapping(root, ())
    # A section whose keys are all commented out is as good as none.
    document.data.update({key: value for key, value in data.items() if value is not None})


_UNUSABLE = object()


class _TreeReader:
    """One walk over the tree of YAML nodes."""

    def __init__(self, document: ConfigDocument) -> None:
        self._document = document
        self._seen: set[int] = set()
        self._scalars = yaml.constructor.SafeConstructor()

    def mapping(self, node: yaml.MappingNode, key: Key) -> dict[str, object]:
        data: dict[str, object] = {}
        for key_node, value_node in node.value:
            key_span = _span(self._document, key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                _report(self._document, key_span, "a key is a single word")
                continue
            name = key_node.value
            inner = (*key, name)
            if name in data:
                _report(self._document, key_span, f"`{name}` is given twice", "E0923")
                continue
            self._document.spans[inner] = KeySpans(_span(self._document, value_node), key_span)
            value = self._value(value_node, inner)
            if value is not _UNUSABLE:
                data[name] = value
        return data

    def _value(self, node: yaml.Node, key: Key) -> object:
        """The value of a node, or `_UNUSABLE` after a complaint about it: one mistake, one complaint."""
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        # An alias is the very node that it stands for: taken again and again, a small file grows without end.
        if id(node) in self._seen:
            _report(self._document, self._document.spans_of(key).key, "a config takes no YAML aliases")
            return _UNUSABLE
        self._seen.add(id(node))
        if len(key) > MAX_DEPTH:
            _report(self._document, _span(self._document, node), "the config is nested too deeply")
            return _UNUSABLE
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, key)
        assert isinstance(node, yaml.SequenceNode)
        return [self._item(item, (*key, place)) for place, item in enumerate(node.value)]

    def _item(self, node: yaml.Node, key: Key) -> object:
        span = _span(self._document, node)
        self._document.spans[key] = KeySpans(span, span)
        return self._value(node, key)

    def _scalar(self, node: yaml.ScalarNode) -> object:
        try:
            return self._scalars.construct_object(node)
        except yaml.MarkedYAMLError as error:
            _report_yaml_error(self._document, error)
        except ValueError as error:
            _report(self._document, _span(self._document, node), f"the value means nothing: {error}")
        return _UNUSABLE


def _span(document: ConfigDocument, node: yaml.Node) -> Span:
    return Span(document.source.path, node.start_mark.index, node.end_mark.index)


def _report(document: ConfigDocument, span: Span, message: str, code: str = "E0920") -> None:
    document.diagnostics.append(Diagnostic(code, message, span))


def _report_yaml_error(document: ConfigDocument, error: yaml.MarkedYAMLError) -> None:
    mark = error.problem_mark or error.context_mark
    at = 0 if mark is None else min(mark.index, len(document.source.text))
    what = ", ".join(part for part in (error.context, error.problem) if part)
    span = Span(document.source.path, at, min(at + 1, len(document.source.text)))
    help_text = ("indent with spaces",) if "\\t" in (error.problem or "") else ()
    document.diagnostics.append(Diagnostic("E0920", f"the config is no YAML: {what}", span, help=help_text))
