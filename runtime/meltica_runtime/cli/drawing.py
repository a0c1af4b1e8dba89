"""Writing a drawing to a file, and saying what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from meltica_runtime.cli.options import Common, Exit


@contextmanager
def drawing_said(common: Common, output: Path, misuse: Exit = Exit.USAGE) -> Iterator[None]:
    """Around the drawing and writing of `output`; exits with `misuse` where nothing draws such a file."""
    from meltica_compiler.draw.render import UnknownDrawingError

    try:
        yield
    except UnknownDrawingError as error:
        common.speech.fail(str(error), code=misuse)
    except OSError as error:
        common.speech.fail(f"cannot write {output}: {error.strerror}", code=Exit.ENVIRONMENT)
    common.speech.note(f"{output}: drawn")
