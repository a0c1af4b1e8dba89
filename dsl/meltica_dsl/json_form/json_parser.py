"""Reading JSON with places, so that what is wrong with it can be shown where it stands."""

from __future__ import annotations

import json
import re

from meltica_dsl.diagnostics.diagnostic import Diagnostic
from meltica_dsl.json_form.values import (
    JsonList,
    JsonMember,
    JsonNull,
    JsonNumber,
    JsonObject,
    JsonText,
    JsonTruth,
    JsonValue,
)
from meltica_dsl.text.source import Span

MAX_DEPTH = 100
"""Levels of lists and objects; expressions in pipeline files may be nested as deep."""

_SPACE = re.compile(r"[ \t\r\n]*")
_TEXT = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*"')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![0-9A-Za-z_.])")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SHOWN = 20


class NoJson(Exception):
    """The text is no JSON; the diagnostic says where and why."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def read_json(path: str, text: str) -> JsonValue:
    """The one value of a JSON text. Raises NoJson."""
    reader = _Reader(path, text)
    value = reader.value(0)
    reader.skip()
    if reader.place < len(text):
        raise reader.wrong("the JSON ends before this", help_text="a file holds one JSON value")
    return value


class _Reader:
    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.place = 0

    def skip(self) -> None:
        found = _SPACE.match(self.text, self.place)
        assert found is not None, "the pattern matches nothing too"
        self.place = found.end()

    def value(self, depth: int) -> JsonValue:
        self.skip()
        start = self.place
        if depth > MAX_DEPTH:
            raise self.wrong(f"lists and objects are nested more than {MAX_DEPTH} deep")
        match self.text[start : start + 1]:
            case "{":
                return self._object(depth)
            case "[":
                return self._list(depth)
            case '"':
                return self._string()
        if number := _NUMBER.match(self.text, start):
            self.place = number.end()
            return JsonNumber(number.group(), self.span(start))
        return self._word()

    def _object(self, depth: int) -> JsonObject:
        start = self.place
        members: list[JsonMember] = []
        seen: set[str] = set()
        while self._goes_on("}", is_first=not members):
            key = self._key()
            if key.value in seen:
                raise self.wrong(f"`{key.value}` is given twice", key.span)
            seen.add(key.value)
            self._expect(":", f"a colon after the key `{key.value}`")
            members.append(JsonMember(key, self.value(depth + 1)))
        return JsonObject(tuple(members), self.span(start))

    def _list(self, depth: int) -> JsonList:
        start = self.place
        items: list[JsonValue] = []
        while self._goes_on("]", is_first=not items):
            items.append(self.value(depth + 1))
        return JsonList(tuple(items), self.span(start))

    def _goes_on(self, closing: str, *, is_first: bool) -> bool:
        """Whether another item comes, after the bracket that opens or the comma that parts."""
        if is_first:
            self.place += 1
        self.skip()
        here = self.text[self.place : self.place + 1]
        if here == closing:
            self.place += 1
            return False
        if is_first:
            return True
        self._expect(",", f"a comma or `{closing}`")
        self.skip()
        if self.text[self.place : self.place + 1] == closing:
            raise self.wrong("JSON has no comma after the last item", help_text="leave the comma out")
        return True

    def _key(self) -> JsonText:
        self.skip()
        if self.text[self.place : self.place + 1] != '"':
            raise self.wrong("a key in quotes is wanted here", help_text='write it like `"name": …`')
        return self._string()

    def _string(self) -> JsonText:
        start = self.place
        found = _TEXT.match(self.text, start)
        if found is None:
            line_end = self.text.find("\n", start)
            stop = len(self.text) if line_end < 0 else line_end
            help_text = (
                'a text ends with `"` on its own line; in it, `\\` stands as `\\\\` and a line break as `\\n`'
            )
            raise self.wrong("this text is not as JSON wants it", Span(self.path, start, stop), help_text)
        self.place = found.end()
        value: str = json.loads(found.group())
        if _SURROGATE.search(value):
            raise self.wrong("half of a character pair stands alone in this text", self.span(start))
        return JsonText(value, self.span(start))

    def _word(self) -> JsonValue:
        start = self.place
        found = _WORD.match(self.text, start)
        word = found.group() if found else ""
        self.place = start + len(word)
        match word:
            case "true" | "false":
                return JsonTruth(word == "true", self.span(start))
            case "null":
                return JsonNull(self.span(start))
        self.place = start
        if word:
            span = Span(self.path, start, start + len(word))
            raise self.wrong(
                f"`{word[:_SHOWN]}` is no JSON value", span, f'is it a text? then `"{word[:_SHOWN]}"`'
            )
        raise self.wrong("a value is wanted here")

    def _expect(self, mark: str, wanted: str) -> None:
        self.skip()
        if self.text[self.place : self.place + 1] != mark:
            raise self.wrong(f"{wanted} is wanted here")
        self.place += 1

    def span(self, start: int) -> Span:
        return Span(self.path, start, self.place)

    def wrong(self, message: str, span: Span | None = None, help_text: str = "") -> NoJson:
        where = span or Span(self.path, self.place, min(self.place + 1, len(self.text)))
        helps = (help_text,) if help_text else ()
        return NoJson(Diagnostic("E0931", message, where, help=helps))
