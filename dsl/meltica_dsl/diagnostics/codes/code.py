"""What a diagnostic's code stands for."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field


class Example(Struct, frozen=True):
    """A file that gives the error, and the same without it.

    Both are part of a pipeline: what they do not declare themselves is added (`tests/docs/frame.py` has the
    list). Codes of the config (E092x) have a config instead. An empty `right` is the text of `wrong`:
    then something beside the file is mended.
    """

    wrong: str
    right: str = ""
    beside: Mapping[str, str] = field(default_factory=dict)
    """Texts of other files, by their path from the file's folder."""
    mended: Mapping[str, str] = field(default_factory=dict)
    """Of `beside`, what is another text where all is right."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """Variables that are set for the wrong one."""

    @property
    def is_mended(self) -> bool:
        return bool(self.right or self.mended or self.environ)


class Code(Struct, frozen=True):
    """A stable code. `title` is one line; `explanation` is the whole story that `meltica explain` prints,
    and `example` shows it. What no short file can show, such as one that is too long, has no example."""

    code: str
    title: str
    explanation: str
    example: Example | None = None

    @property
    def story(self) -> str:
        """The explanation, and what is wrong and what is right."""
        example = self.example
        parts = [self.explanation.strip()]
        if example is not None:
            parts += [f"Wrong:\n{_indented(example.wrong)}"]
            parts += [f"Right:\n{_indented(example.right)}"] if example.right else []
        return "\n\n".join(parts)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.strip("\n").split("\n"))
