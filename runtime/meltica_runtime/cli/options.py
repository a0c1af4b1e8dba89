"""The options that all commands have."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from meltica_runtime.cli.output import Output


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
