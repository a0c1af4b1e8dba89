"""`meltica check --fix`: the fixes that diagnostics carry, written into the files or shown as a diff."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from meltica_compiler.compile import Compiled, compile_file, compile_text
from meltica_dsl.diagnostics.diagnostic import Diagnostic, has_errors
from meltica_dsl.diagnostics.fixing import FixResult, Texts, apply_fixes
from meltica_dsl.parse.read import read_source
from meltica_runtime.cli.compiling import Use, compile_options, exit_on_fault, report
from meltica_runtime.cli.diffs import unified
from meltica_runtime.cli.options import CommonOptions
from meltica_runtime.cli.output import Exit
from meltica_runtime.config.project import find_project

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class _Fixed:
    """A pipeline's texts as they are, those of imported files too, and what becomes of them."""

    before: Texts
    result: FixResult

    @property
    def changed(self) -> dict[str, str]:
        after = self.result.texts
        return {path: after[path] for path, text in self.before.items() if after[path] != text}


def fix_pipeline(common: CommonOptions, file: Path) -> None:
    """Applies the fixes of `file` and of what it imports, and prints them.

    Files in which nothing applies, and those that cannot be read, are left alone.
    """
    fixed = _fixed(common, file)
    if isinstance(fixed, Compiled):
        return
    for path, after in fixed.changed.items():
        _write(common, Path(path), after)
    _print_applied(common, fixed)


def show_fixes(common: CommonOptions, files: tuple[Path, ...]) -> bool:
    """Shows what `fix_pipeline` would write, and writes nothing. Whether nothing is wrong with the files as
    they are."""
    shown: set[str] = set()
    good = True
    for file in files:
        fixed = _fixed(common, file)
        if isinstance(fixed, Compiled):
            report(common, fixed)
            good = False
            continue
        for path, after in fixed.changed.items():
            if path not in shown:
                diff = unified(path, fixed.before[path], after, "fixed")
                common.output.write(diff)
            shown.add(path)
        _print_applied(common, fixed)
        if has_errors(fixed.result.remaining):
            common.output.problem(f"{file}: not all can be fixed; `meltica check {file}` says what is wrong")
        good = good and not (fixed.changed or has_errors(fixed.result.remaining))
    return good


def _fixed(common: CommonOptions, file: Path) -> _Fixed | Compiled:
    """What becomes of the file; that it cannot be read if it cannot."""
    text = read_source(file)
    with exit_on_fault(common):
        options = compile_options(find_project(file, common.config), Use.RUN)
    if isinstance(text, Diagnostic):
        return compile_file(file, options)

    def compiled(texts: Texts) -> Compiled:
        def read(path: Path) -> str | Diagnostic:
            return texts[str(path)] if str(path) in texts else read_source(path)

        return compile_text(str(file), texts[str(file)], options, read)

    before = {source.path: source.text for source in compiled({str(file): text}).sources}
    return _Fixed(before, apply_fixes(before, lambda texts: compiled(texts).diagnostics))


def _print_applied(common: CommonOptions, fixed: _Fixed) -> None:
    for applied in fixed.result.applied:
        common.output.note(f"{applied.location}: {applied.title} ({applied.code})")


def _write(common: CommonOptions, file: Path, text: str) -> None:
    """Line endings are those of the text; a byte order mark stays."""
    try:
        mark = _BYTE_ORDER_MARK if file.read_bytes().startswith(_BYTE_ORDER_MARK) else b""
        file.write_bytes(mark + text.encode())
    except OSError as error:
        common.output.fail(f"cannot write {file}: {error.strerror}", code=Exit.ENVIRONMENT)
