"""The pages of `docs/`, cut into topics: what `meltica help` shows and suggests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from meltica_runtime import resources

PAGES = ("language.md", "testing.md", "strategies.md", "operations.md", "tools.md")
"""In this order: of two topics with the same name, the first is meant."""

_HEADING = re.compile(r"(#{1,3}) (.+)")
_ROW = re.compile(r"\| `([A-Za-z_][A-Za-z0-9_-]*)[^|]*\|")
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
_MADE = re.compile(r"<!--.*?-->\n?")


@dataclass(frozen=True, slots=True)
class Topic:
    """A section of a page, or one row of a table in it. `text` is markdown, without its heading."""

    name: str
    title: str
    page: str
    text: str
    is_row: bool = False


def topics() -> Mapping[str, Topic]:
    """Every topic by its name, sections before rows."""
    found: dict[str, Topic] = {}
    cut = [section for page in PAGES for section in _sections(resources.docs_dir() / page)]
    filled = (section if section.text else _gathered(section, cut) for section in cut)
    sections = [section for section in filled if section.text]
    for topic in (*sections, *(row for section in sections for row in _rows(section))):
        found.setdefault(topic.name, topic)
    return found


def topic_name(words: Iterable[str]) -> str:
    """
    >>> topic_name(["Limits", "of", "`risk`"])
    'limits-of-risk'
    """
    return "-".join(re.findall(r"[a-z0-9_]+", " ".join(words).lower()))


def _sections(path: Path) -> Iterator[Topic]:
    """A heading's text goes to the next heading: what is below a deeper one is a topic of its own."""
    title, lines, is_code = "", list[str](), False
    for line in _MADE.sub("", path.read_text("utf-8")).splitlines():
        is_code ^= line.startswith("```")
        heading = None if is_code else _HEADING.fullmatch(line)
        if heading is None:
            lines.append(line)
            continue
        yield from _topic(path, title, lines)
        title, lines = heading[2], []
    yield from _topic(path, title, lines)


def _topic(path: Path, title: str, lines: list[str]) -> Iterator[Topic]:
    text = _LINK.sub(r"\1", "\n".join(lines)).strip()
    if title:
        yield Topic(topic_name([title]), title.replace("`", ""), path.stem, text)


def _gathered(section: Topic, others: Iterable[Topic]) -> Topic:
    """A section that only heads others of its kind: `adapters` lists `adapter-fake` and the like."""
    prefix = f"{section.name.removesuffix('s')}-"
    parts = [f"- {other.name}" for other in others if other.name.startswith(prefix)]
    return replace(section, text="\n".join(parts))


def _rows(section: Topic) -> Iterator[Topic]:
    """The rows of tables whose first cell begins with a word of the language."""
    head: list[str] = []
    for line in section.text.splitlines():
        if not line.startswith("|"):
            head = []
        elif len(head) < 2:
            head.append(line)
        elif row := _ROW.match(line):
            title = f"{row[1]} ({section.title})"
            yield Topic(row[1].lower(), title, section.page, "\n".join((*head, line)), is_row=True)
