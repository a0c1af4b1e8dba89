"""Writing a drawing to a file, and saying what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from meltica_runtime.cli.options import CommonOptions
from meltica_runtime.cli.output import Exit


@contextmanager
def report_drawing(common: CommonOptions, output: Path, misuse: Exit = Exit.USAGE) -> Iterator[None]:
    """Around the drawing and writing of `output`; exits with `misuse` where nothing draws such a file."""
    from meltica_compiler.draw.render import UnknownDrawingError

    try:
        yield
    except UnknownDrawingError as error:
        common.output.fail(str(error), code=misuse)
    except OSError as error:
        common.output.fail(f"cannot write {output}: {error.strerror}", code=Exit.ENVIRONMENT)
    common.output.note(f"{output}: drawn")
