"""What all commands have in common: their options, their exit codes, and how they speak."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, NoReturn

import click

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
        self.write(f"{text}\n")

    def write(self, text: str) -> None:
        """A result that ends as it ends."""
        try:
            click.echo(text, nl=False, color=self.color)
        except BrokenPipeError:
            raise  # the reader has had enough, which click answers in silence
        except OSError as error:
            _give_up_stdout()
            self.fail(f"cannot write the output: {error.strerror}", code=Exit.ENVIRONMENT)

    def note(self, text: str) -> None:
        """Something good to know, unless `--quiet`."""
        if not self.quiet:
            click.echo(text, err=True, color=self.color)

    def problem(self, text: str) -> None:
        click.echo(text, err=True, color=self.color)

    def fail(self, message: str, help_text: str = "", code: int = Exit.USER) -> NoReturn:
        """Says what is wrong and what helps, and exits."""
        head = click.style("error", fg="red", bold=True) if self.color else "error"
        self.problem(f"{head}: {message}")
        if help_text:
            self.problem(f"  = help: {help_text}")
        raise SystemExit(code)


def _give_up_stdout() -> None:
    """What is left in its buffer would be tried, and fail, once more at the exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@dataclass(frozen=True, slots=True)
class CommonOptions:
    """The values of the common options."""

    config: Path | None
    output: Output


def common_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the common options to a command, which gets them as one argument `common`."""

    def wrapped(*, config: Path | None, color: str, quiet: bool, verbose: bool, **rest: Any) -> Any:
        return function(common=CommonOptions(config, Output(_wants_color(color), quiet, verbose)), **rest)

    wrapped.__doc__ = function.__doc__
    wrapped.__name__ = function.__name__
    wrapped.__click_params__ = getattr(function, "__click_params__", [])  # type: ignore[attr-defined]  # click's own protocol
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


_OPTIONS = (
    click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        envvar="MELTICA_CONFIG_PATH",
        help="The configuration to use [default: config/app.yaml of the project].",
    ),
    click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        help="Colours in the output; NO_COLOR is honoured.",
    ),
    click.option("-q", "--quiet", is_flag=True, help="Say only what went wrong."),
    click.option("-v", "--verbose", is_flag=True, help="Say more."),
)


def _wants_color(choice: str) -> bool:
    if choice == "auto":
        return "NO_COLOR" not in os.environ and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    return choice == "always"
