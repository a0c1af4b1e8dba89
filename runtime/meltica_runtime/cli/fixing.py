"""`meltica check --fix`: the fixes that diagnostics carry, written into the files."""

from __future__ import annotations

from pathlib import Path

from meltica_compiler.compile import Compiled, compile_text
from meltica_dsl.diagnostics import Diagnostic
from meltica_dsl.fixing import Texts, mend
from meltica_dsl.read import read_source
from meltica_runtime.cli.compiling import Use, compile_options, faults_said
from meltica_runtime.cli.options import Common, Exit
from meltica_runtime.project import find_project

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def fix_pipeline(common: Common, file: Path) -> None:
    """Mends what can be mended of `file` and of what it imports, and says what it did.

    Files in which nothing applies, and those that cannot be read, are left alone.
    """
    text = read_source(file)
    if isinstance(text, Diagnostic):
        return
    with faults_said(common):
        options = compile_options(find_project(file, common.config), Use.RUN)

    def compiled(texts: Texts) -> Compiled:
        def read(path: Path) -> str | Diagnostic:
            return texts[str(path)] if str(path) in texts else read_source(path)

        return compile_text(str(file), texts[str(file)], options, read)

    before = {source.path: source.text for source in compiled({str(file): text}).sources}
    mended = mend(before, lambda texts: compiled(texts).diagnostics)
    for path, after in mended.texts.items():
        if after != before[path]:
            _write(common, Path(path), after)
    for applied in mended.applied:
        common.speech.note(f"{applied.location}: {applied.title} ({applied.code})")


def _write(common: Common, file: Path, text: str) -> None:
    """Line endings are those of the text; a byte order mark stays."""
    try:
        mark = _BYTE_ORDER_MARK if file.read_bytes().startswith(_BYTE_ORDER_MARK) else b""
        file.write_bytes(mark + text.encode())
    except OSError as error:
        common.speech.fail(f"cannot write {file}: {error.strerror}", code=Exit.ENVIRONMENT)
