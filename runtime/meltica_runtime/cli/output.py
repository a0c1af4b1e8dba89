"""Exit codes, and printing to the user."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from meltica_dsl.diagnostics.diagnostic import Diagnostic
    from meltica_dsl.text.source import SourceFile

MAX_TEXT_COLUMNS = 120


class Exit(IntEnum):
    """Exit codes. 2, wrong usage, is click's own."""

    GOOD = 0
    USER = 1
    USAGE = 2
    ENVIRONMENT = 3


@dataclass(frozen=True, slots=True)
class Output:
    """Prints to the user: results to stdout, everything about them to stderr."""

    color: bool
    quiet: bool
    verbose: bool

    @property
    def width(self) -> int:
        return min(shutil.get_terminal_size((80, 24)).columns, MAX_TEXT_COLUMNS)

    def result(self, text: str) -> None:
        """A result, with a line break behind it."""
        self.write(f"{text}\n")

    def write(self, text: str) -> None:
        """A result as it is."""
        try:
            click.echo(text, nl=False, color=self.color)
        except BrokenPipeError:
            raise  # the reader has had enough, which click answers in silence
        except OSError as error:
            _discard_stdout()
            self.fail(f"cannot write the output: {error.strerror}", code=Exit.ENVIRONMENT)

    def note(self, text: str) -> None:
        """Something good to know, unless `--quiet`."""
        if not self.quiet:
            click.echo(text, err=True, color=self.color)

    def problem(self, text: str) -> None:
        """Something that is wrong, with `--quiet` too."""
        click.echo(text, err=True, color=self.color)

    def diagnostics(self, found: tuple[Diagnostic, ...], sources: tuple[SourceFile, ...]) -> None:
        """Diagnostics with the lines that they are of."""
        from meltica_dsl.diagnostics.render_text import render

        self.problem(render(found, sources, color=self.color, width=self.width).rstrip("\n"))

    def fail(self, message: str, help_text: str = "", code: int = Exit.USER) -> NoReturn:
        """Prints what is wrong and what helps, and exits."""
        head = click.style("error", fg="red", bold=True) if self.color else "error"
        self.problem(f"{head}: {message}")
        if help_text:
            self.problem(f"  = help: {help_text}")
        raise SystemExit(code)


def _discard_stdout() -> None:
    """What is left in its buffer would be tried, and fail, once more at the exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
