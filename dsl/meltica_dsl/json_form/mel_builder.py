"""The text being made of JSON: right in its tokens and comments, for the formatter to lay out."""

from __future__ import annotations

from collections.abc import Callable

from meltica_dsl.json_form.fragments import EVENT, EXPRESSION, POOL, SOURCE, STAGE, STEP, TARGET, Fragment
from meltica_dsl.json_form.json_validator import JsonValidator, Members
from meltica_dsl.json_form.shapes import COMMENTS, Part, Shape
from meltica_dsl.json_form.values import (
    JsonList,
    JsonObject,
    JsonTruth,
    JsonValue,
)
from meltica_dsl.text.strings import quoted


def _part(key: str, shape: Shape, *, is_required: bool = True) -> Part:
    return Part(key, shape, is_required, doc="")


_FOR = (_part("for", Shape.NAME), _part("in", Shape.VALUE))
_IF = (_part("if", Shape.VALUE),)
_AROUND = (
    _part("$open", Shape.COMMENT, is_required=False),
    _part("$below", Shape.COMMENTS, is_required=False),
)
_ITEMS = (_part("$items", Shape.STEPS), *_AROUND)
_ITEM = (_part("value", Shape.VALUE), *COMMENTS)
_ENTRIES = (_part("$entries", Shape.STEPS), *_AROUND)
_ENTRY = (
    _part("key", Shape.NAME),
    _part("value", Shape.VALUE),
    _part("block", Shape.TRUTH, is_required=False),
    *COMMENTS,
)
_EVENT = (_part("step", Shape.STRING), _part("fields", Shape.SETTINGS), *COMMENTS)


class MelBuilder:
    """Each method adds what a part of a declaration stands for, with a space or line break before it."""

    def __init__(self, validator: JsonValidator) -> None:
        self._validator = validator
        self._pieces: list[str] = []

    def text(self) -> str:
        return "".join(self._pieces)

    def add(self, text: str) -> None:
        self._pieces.append(text)

    def line(self, text: str = "") -> None:
        """The text at the beginning of a line."""
        if self._pieces and not self._pieces[-1].endswith("\n"):
            self.add("\n")
        if text:
            self.add(text)

    def lines(self, node: JsonValue | None) -> None:
        """Comments on lines of their own; an empty text is an empty line."""
        if node is not None:
            self.line()
        for item in self._validator.items(node):
            self.add(f"{self._validator.comment(item)}\n")

    def aside(self, node: JsonValue | None) -> None:
        """A comment at the end of the line."""
        if node is not None:
            self.add(f" {self._validator.comment(node)}\n")

    def name(self, node: JsonValue) -> None:
        self.add(f" {self._validator.name(node)}")

    def names(self, node: JsonValue | None) -> None:
        """Parameters in parentheses."""
        if node is not None:
            self.add(f"({', '.join(map(self._validator.name, self._validator.items(node)))})")

    def truth(self, node: JsonValue | None, word: str) -> None:
        if self._validator.truth(node):
            self.add(word)

    def string(self, node: JsonValue) -> None:
        """A string that needs no expression: its meaning, or `$literal` as it is written."""
        if isinstance(node, JsonObject):
            members = self._validator.members(node, "this text", (_part("$literal", Shape.STRING),))
            if members is not None:
                self.add(f" {self._validator.fragment(members['$literal'], EXPRESSION)}")
        else:
            self.add(f" {quoted(self._validator.text(node, 'a text'))}")

    def modifiers(self, node: JsonValue | None) -> None:
        for item in self._validator.items(node):
            is_choice = isinstance(item, JsonObject) and any(m.key.value == "if" for m in item.members)
            members = self._validator.members(item, "this modifier", _IF if is_choice else _FOR)
            if members is not None and is_choice:
                self.add(" if ")
                self.value(members["if"])
            elif members is not None:
                self.add(f" for {self._validator.name(members['for'])} in ")
                self.value(members["in"])

    def pool(self, node: JsonValue) -> None:
        self.add(f" {self._validator.fragment(node, POOL)}")

    def sources(self, node: JsonValue) -> None:
        self._listed("source", SOURCE, self._validator.items(node), "")

    def stages(self, node: JsonValue | None, first: str = "") -> None:
        for number, item in enumerate(self._validator.items(node)):
            self._one("stage", STAGE, item, "| " if number else first, "")

    def targets(self, node: JsonValue | None) -> None:
        self._listed("target", TARGET, self._validator.items(node), "-> ")

    def steps(self, node: JsonValue) -> None:
        for item in self._validator.items(node):
            if isinstance(item, JsonObject) and any(m.key.value == "fields" for m in item.members):
                members = self._validator.members(item, "this event", _EVENT)
                if members is not None:
                    self._noted(members, self._event)
            else:
                self._one("step", STEP, item, "", "")
        self.line()

    def _event(self, members: Members) -> None:
        self.line(f"{self._validator.fragment(members['step'], EVENT)} ")
        self._settings(members["fields"])

    def _listed(self, key: str, fragment: Fragment, items: tuple[JsonValue, ...], first: str) -> None:
        """Parted by commas, which stand before the comments beside."""
        for number, item in enumerate(items):
            tail = "," if number < len(items) - 1 else ""
            self._one(key, fragment, item, "" if number else first, tail)

    def _one(self, key: str, fragment: Fragment, node: JsonValue, lead: str, tail: str) -> None:
        """A text, or an object of it with its comments."""
        if not isinstance(node, JsonObject):
            self.line(f"{lead}{self._validator.fragment(node, fragment)}{tail}")
            return
        members = self._validator.members(node, f"this {key}", (_part(key, Shape.STRING), *COMMENTS))
        if members is not None:
            self._noted(
                members, lambda m: self.line(f"{lead}{self._validator.fragment(m[key], fragment)}{tail}")
            )

    def _noted(self, members: Members, write: Callable[[Members], None]) -> None:
        self.lines(members.get("above"))
        write(members)
        self.aside(members.get("beside"))

    def settings(self, node: JsonValue | None) -> None:
        if node is not None:
            self.add(" ")
            self._settings(node)

    def _settings(self, node: JsonValue) -> None:
        if isinstance(node, JsonObject) and _is_settings(node):
            self._object(node)
        else:
            self._validator.fault(
                node.span, "settings are an object", 'write them like `{"symbols": ["BTC-USDT"]}`'
            )

    def value(self, node: JsonValue) -> None:
        match node:
            case JsonTruth(value):
                self.add("true" if value else "false")
            case JsonList():
                self._list(node)
            case JsonObject():
                self._object(node)
            case _:
                self.add(self._validator.fragment(node, EXPRESSION))

    def _object(self, node: JsonObject) -> None:
        keys = {member.key.value for member in node.members}
        if "$text" in keys:
            members = self._validator.members(node, "this text", (_part("$text", Shape.STRING),))
            if members is not None:
                self.add(quoted(self._validator.text(members["$text"], "a text")))
        elif "$items" in keys:
            self._long_list(node)
        elif "$entries" in keys:
            self._long_object(node)
        else:
            self._short_object(node)

    def _short_object(self, node: JsonObject) -> None:
        self.add("{")
        for key, value in node.members:
            self.line(f"{self._validator.name(key)} = ")
            self.value(value)
            self.add(",")
        self.line("}")

    def _long_object(self, node: JsonObject) -> None:
        members = self._validator.members(node, "this object", _ENTRIES)
        if members is None:
            return
        self._begin("{", members)
        for item in self._validator.items(members["$entries"]):
            entry = self._validator.members(item, "this entry", _ENTRY)
            if entry is not None:
                self._noted(entry, self._entry)
        self._end("}", members)

    def _entry(self, members: Members) -> None:
        is_block = self._validator.truth(members.get("block"))
        self.line(f"{self._validator.name(members['key'])} {'' if is_block else '= '}")
        value = members["value"]
        if is_block and not _is_settings(value):
            self._validator.fault(value.span, "the value of a block is an object of settings")
        self.value(value)
        self.add(",")

    def _list(self, node: JsonList) -> None:
        self.add("[")
        for item in node.items:
            self.value(item)
            self.add(", ")
        self.add("]")

    def _long_list(self, node: JsonObject) -> None:
        members = self._validator.members(node, "this list", _ITEMS)
        if members is None:
            return
        self._begin("[", members)
        for item in self._validator.items(members["$items"]):
            one = self._validator.members(item, "this item", _ITEM)
            if one is not None:
                self._noted(one, self._item)
        self._end("]", members)

    def _item(self, members: Members) -> None:
        self.line()
        self.value(members["value"])
        self.add(",")

    def _begin(self, bracket: str, members: Members) -> None:
        self.add(bracket)
        self.aside(members.get("$open"))

    def _end(self, bracket: str, members: Members) -> None:
        self.lines(members.get("$below"))
        self.line(bracket)


def _is_settings(node: JsonValue) -> bool:
    return isinstance(node, JsonObject) and all(m.key.value not in ("$text", "$items") for m in node.members)
