"""Checks JSON against the shapes, and keeps every fault."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from meltica_dsl.diagnostics.diagnostic import Diagnostic
from meltica_dsl.json_form.fragments import Fragment, fault_of, is_name
from meltica_dsl.json_form.shapes import Part
from meltica_dsl.json_form.values import (
    JsonList,
    JsonNull,
    JsonNumber,
    JsonObject,
    JsonText,
    JsonTruth,
    JsonValue,
)
from meltica_dsl.text.source import Span
from meltica_dsl.text.suggest import nearest

Members = Mapping[str, JsonValue]
"""The members of an object by key."""


class JsonValidator:
    """Hands out what is as it should be; the rest becomes faults, and what is asked for is None or empty."""

    def __init__(self) -> None:
        self.faults: list[Diagnostic] = []

    def fault(self, span: Span, message: str, help_text: str = "") -> None:
        self.faults.append(Diagnostic("E0932", message, span, help=(help_text,) if help_text else ()))

    def members(self, node: JsonValue, what: str, parts: Iterable[Part]) -> Members | None:
        """The members of an object that has the required parts and no others."""
        if not isinstance(node, JsonObject):
            self.fault(node.span, f"{what} is an object, not {described(node)}")
            return None
        known = {part.key: part for part in parts}
        found: dict[str, JsonValue] = {}
        for given, value in node.members:
            if given.value in known:
                found[given.value] = value
            else:
                near = nearest(given.value, known)
                keys = ", ".join(f"`{name}`" for name in known)
                help_text = f"did you mean `{near}`?" if near else f"it may have {keys}"
                self.fault(given.span, f"{what} takes no `{given.value}`", help_text)
        missing = [key for key, part in known.items() if part.is_required and key not in found]
        for key in missing:
            self.fault(_opening(node), f"{what} needs a `{key}`", f'add `"{key}": …`')
        return None if missing else found

    def choice(self, node: JsonValue, key: str, known: Iterable[str]) -> str | None:
        """The text under `key`, which is one of those known."""
        choices = ", ".join(f"`{one}`" for one in known)
        if not isinstance(node, JsonObject):
            self.fault(node.span, f"a declaration is an object, not {described(node)}")
            return None
        for member in node.members:
            if member.key.value == key:
                if isinstance(member.value, JsonText) and member.value.value in known:
                    return member.value.value
                asked = member.value.value if isinstance(member.value, JsonText) else ""
                near = nearest(asked, known) if asked else None
                help_text = f"did you mean `{near}`?" if near else f"it is one of {choices}"
                self.fault(
                    member.value.span, f"this is no kind of declaration: {described(member.value)}", help_text
                )
                return None
        self.fault(_opening(node), f"this declaration has no `{key}`", f"it is one of {choices}")
        return None

    def items(self, node: JsonValue | None) -> tuple[JsonValue, ...]:
        if node is None:
            return ()
        if isinstance(node, JsonList):
            return node.items
        self.fault(node.span, f"a list is wanted here, not {described(node)}", "put it in `[…]`")
        return ()

    def text(self, node: JsonValue, wanted: str) -> str:
        if isinstance(node, JsonText):
            return node.value
        self.fault(node.span, f"{wanted} is wanted here, not {described(node)}")
        return ""

    def name(self, node: JsonValue) -> str:
        text = self.text(node, "a name")
        if text and not is_name(text):
            self.fault(
                node.span, f"`{text}` is no name", "a name has letters, digits and `_`, and no digit first"
            )
        return text

    def truth(self, node: JsonValue | None) -> bool:
        if node is None or isinstance(node, JsonTruth):
            return node is not None and node.value
        self.fault(node.span, f"`true` or `false` is wanted here, not {described(node)}")
        return False

    def comment(self, node: JsonValue) -> str:
        text = self.text(node, "a comment")
        if text and (not text.startswith("#") or "\n" in text):
            self.fault(
                node.span,
                "a comment begins with `#` and is one line",
                "give a list with a text for each line",
            )
        return text

    def fragment(self, node: JsonValue, fragment: Fragment) -> str:
        """A piece of the language; numbers may stand as JSON numbers."""
        if isinstance(node, JsonText | JsonNumber):
            wrong = fault_of(fragment, node)
            if wrong is not None:
                self.faults.append(wrong)
            return node.value if isinstance(node, JsonText) else node.text
        self.fault(node.span, f"{fragment.wanted} is wanted here, not {described(node)}")
        return ""


def described(node: JsonValue) -> str:
    match node:
        case JsonText(value):
            return f'"{value[:20]}{"…" if len(value) > 20 else ""}"'
        case JsonNumber():
            return "a number"
        case JsonTruth(value):
            return "true" if value else "false"
        case JsonNull():
            return "null"
        case JsonList():
            return "a list"
        case JsonObject():
            return "an object"


def _opening(node: JsonObject) -> Span:
    """The brace of an object: where to say that something is not in it."""
    return Span(node.span.path, node.span.start, node.span.start + 1)
