"""Diagnostics for the terminal: the place, the line, what is wrong with it, the way out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from meltica_dsl.diagnostics.diagnostic import Diagnostic, Severity
from meltica_dsl.text.source import Location, SourceFile, Span
from meltica_dsl.text.terminal_text import ELLIPSIS, cut, shown, width_of, wrap

MIN_WIDTH = 40
"""Columns below which nothing is readable; a narrower terminal breaks the lines itself."""

MAX_CONTEXT = 1_000
"""Characters of a line that are looked at on each side of a mark."""


class Style(Enum):
    """ANSI codes: bold and the eight colours that every theme has."""

    ERROR = "1;31"
    WARNING = "1;33"
    TITLE = "1"
    FRAME = "34"
    SECONDARY = "36"
    HELP = "32"


class _Mark(Struct, frozen=True):
    """A place under a line: characters of the line from 0, or, once it is laid out, columns."""

    line: int
    start: int
    end: int
    message: str
    is_primary: bool


def render(
    diagnostics: Sequence[Diagnostic], sources: Sequence[SourceFile], *, color: bool, width: int
) -> str:
    """The diagnostics one after the other, in their order, with an empty line after each.

    `width` is the terminal's, in columns; messages wrap to it, and source lines are cut around the place
    that matters. Nothing is summed up: how many there are is for the caller to say.
    """
    by_path = {source.path: source for source in sources}
    renderer = _Renderer(by_path, color, max(width, MIN_WIDTH))
    return "".join(renderer.diagnostic(diagnostic) for diagnostic in diagnostics)


class _Renderer:
    def __init__(self, sources: Mapping[str, SourceFile], color: bool, width: int) -> None:
        self._sources = sources
        self._color = color
        self._width = width

    def diagnostic(self, diagnostic: Diagnostic) -> str:
        groups = self._groups(diagnostic)
        lines_shown = [mark.line for _, marks in groups for mark in marks]
        gutter = len(str(max(lines_shown, default=0))) if lines_shown else 1
        out = self._headline(diagnostic)
        for source, marks in groups:
            out += self._excerpt(source, marks, gutter, diagnostic)
        if not groups and diagnostic.span.path:
            out.append(self._paint(f"{' ' * gutter}┌─ {diagnostic.span.path}", Style.FRAME))
        for kind, texts in (("note", diagnostic.notes), ("help", diagnostic.help)):
            for text in texts:
                out += self._remark(kind, text, gutter)
        return "\n".join(out) + "\n\n"

    def _groups(self, diagnostic: Diagnostic) -> list[tuple[SourceFile, list[_Mark]]]:
        """Marks by file, the file of the primary place first. Files that are not at hand are left out."""
        places = [(diagnostic.span, diagnostic.label, True)]
        places += [(label.span, label.message, False) for label in diagnostic.labels]
        groups: dict[str, list[_Mark]] = {}
        for span, message, is_primary in places:
            source = self._sources.get(span.path)
            if source is not None and source.text:
                groups.setdefault(span.path, []).extend(_marks(source, span, message, is_primary))
        return [(self._sources[path], marks) for path, marks in groups.items()]

    def _headline(self, diagnostic: Diagnostic) -> list[str]:
        style = _style(diagnostic)
        title = f"{diagnostic.severity.value}[{diagnostic.code}]"
        first, *rest = wrap(f"{title}: {_visible(diagnostic.message)}", self._width)
        head = self._paint(title, style) + self._paint(first.removeprefix(title), Style.TITLE)
        return [head, *(self._paint(line, Style.TITLE) for line in rest)]

    def _excerpt(
        self, source: SourceFile, marks: list[_Mark], gutter: int, diagnostic: Diagnostic
    ) -> list[str]:
        where = Location(source.path, marks[0].line, marks[0].start + 1)
        out = [self._paint(f"{' ' * gutter}┌─ {where}", Style.FRAME)]
        before: int | None = None
        for line in sorted({mark.line for mark in marks}):
            if before is not None and line > before + 1:
                out.append(self._paint(f"{' ' * gutter}·", Style.FRAME))
            out += self._line(source, line, [mark for mark in marks if mark.line == line], gutter, diagnostic)
            before = line
        return out

    def _line(
        self, source: SourceFile, line: int, marks: list[_Mark], gutter: int, diagnostic: Diagnostic
    ) -> list[str]:
        room = self._width - gutter - 3
        text, marks = _laid_out(source.line_text(line), marks)
        main = next((mark for mark in marks if mark.is_primary), marks[0])
        left = _window_start(width_of(text), main, room)
        number = self._paint(f"{line:>{gutter}}│", Style.FRAME)
        out = [f"{number} {_window(text, left, room)}".rstrip()]
        for mark in sorted(marks, key=lambda m: (not m.is_primary, m.start)):
            out += self._underline(mark, left, room, gutter, diagnostic)
        return out

    def _underline(self, mark: _Mark, left: int, room: int, gutter: int, diagnostic: Diagnostic) -> list[str]:
        start = max(mark.start - left, 0)
        if start >= room:
            start = room - 1
        length = max(min(mark.end - left, room) - start, 1)
        style = _style(diagnostic) if mark.is_primary else Style.SECONDARY
        bar = self._paint(f"{' ' * gutter}│", Style.FRAME)
        signs = ("^" if mark.is_primary else "-") * length
        message = _visible(mark.message)
        space = room - start - length - 1
        if width_of(message) <= space or not message:
            return [f"{bar} {' ' * start}{self._paint(f'{signs} {message}'.rstrip(), style)}"]
        # No room beside it: below, as far to the right as it fits.
        indent = max(min(start, room - width_of(message)), 0)
        words = wrap(message, room - indent)
        return [
            f"{bar} {' ' * start}{self._paint(signs, style)}",
            *(f"{bar} {' ' * indent}{self._paint(word, style)}" for word in words),
        ]

    def _remark(self, kind: str, text: str, gutter: int) -> list[str]:
        head = f"{' ' * gutter}= {kind}: "
        first, *rest = wrap(_visible(text), self._width - len(head))
        style = Style.HELP if kind == "help" else Style.FRAME
        out = [f"{' ' * gutter}{self._paint('=', Style.FRAME)} {self._paint(f'{kind}:', style)} {first}"]
        return out + [" " * len(head) + line for line in rest]

    def _paint(self, text: str, style: Style) -> str:
        return f"\x1b[{style.value}m{text}\x1b[0m" if self._color and text else text


def _style(diagnostic: Diagnostic) -> Style:
    return Style.ERROR if diagnostic.severity is Severity.ERROR else Style.WARNING


def _visible(text: str) -> str:
    return "\n".join(shown(line)[0] for line in text.split("\n"))


def _marks(source: SourceFile, span: Span, message: str, is_primary: bool) -> Iterator[_Mark]:
    """A place under its line; of one that goes over several lines, what is on the first and on the last,
    where the message stands."""
    covered = source.text[span.start : span.end].rstrip()
    start = min(span.start, len(source.text))
    first, last = source.location(start), source.location(start + len(covered))
    length = len(source.line_text(first.line))
    column = min(first.column - 1, length)
    if first.line == last.line:
        end = min(column + max(span.end - span.start, 0), length)
        yield _Mark(first.line, column, end, message, is_primary)
        return
    yield _Mark(first.line, column, length, "from here", is_primary)
    text = source.line_text(last.line)
    indent = len(text) - len(text.lstrip())
    yield _Mark(
        last.line, indent, last.column - 1, f"to here: {message}" if message else "to here", is_primary
    )


def _laid_out(text: str, marks: list[_Mark]) -> tuple[str, list[_Mark]]:
    """The line as it can be printed, and the marks in its columns. Of an endless line only the surroundings
    of the main mark are looked at."""
    main = next((mark for mark in marks if mark.is_primary), marks[0])
    origin = max(main.start - MAX_CONTEXT, 0) if len(text) > 2 * MAX_CONTEXT else 0
    printed, starts = shown(text[origin : origin + 2 * MAX_CONTEXT])

    def column(place: int) -> int:
        return starts[min(max(place - origin, 0), len(starts) - 1)]

    return printed, [
        replace(mark, start=column(mark.start), end=max(column(mark.end), column(mark.start) + 1))
        for mark in marks
    ]


def _window_start(width: int, mark: _Mark, room: int) -> int:
    """The column at which a line that is too long is shown from, so that the mark is in sight."""
    if width <= room or mark.end <= room - 1:
        return 0
    # A third of the room before the mark, for its context.
    return max(min(mark.start - room // 3, width - room), 0)


def _window(text: str, left: int, room: int) -> str:
    width = width_of(text)
    if width <= room:
        return text
    start, end = left + (left > 0), left + room - (left + room < width)
    return (ELLIPSIS if left else "") + cut(text, start, end - start) + (ELLIPSIS if end < width else "")
