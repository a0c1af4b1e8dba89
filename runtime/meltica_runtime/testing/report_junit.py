"""Outcomes as JUnit XML, which build servers read."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from meltica_runtime.testing.outcome import CouldNotRun, FileOutcome, Outcome, Skipped, counts
from meltica_runtime.testing.report_text import headline, problem_lines

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, however they are written."""


def junit(files: tuple[FileOutcome, ...], seconds: float) -> bytes:
    """One suite a file, one case a test."""
    suites = [_suite(file) for file in files]
    total = counts(files)
    root = ElementTree.Element(
        "testsuites",
        name="meltica",
        tests=str(total.passed + total.failed + total.skipped + total.broken),
        failures=str(sum(int(suite.get("failures", "0")) for suite in suites)),
        errors=str(sum(int(suite.get("errors", "0")) for suite in suites)),
        skipped=str(total.skipped),
        time=f"{seconds:.3f}",
    )
    root.extend(suites)
    ElementTree.indent(root)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _suite(file: FileOutcome) -> ElementTree.Element:
    cases = [_case(outcome) for outcome in file.outcomes]
    if not file.compiles:
        cases.append(_broken(file))
    return _with(
        ElementTree.Element(
            "testsuite",
            name=_clean(file.file),
            tests=str(len(cases)),
            failures=str(sum(case.find("failure") is not None for case in cases)),
            errors=str(sum(case.find("error") is not None for case in cases)),
            skipped=str(sum(case.find("skipped") is not None for case in cases)),
            time=f"{sum(outcome.seconds for outcome in file.ran):.3f}",
        ),
        cases,
    )


def _case(outcome: Outcome | Skipped) -> ElementTree.Element:
    place = outcome.place
    case = ElementTree.Element(
        "testcase",
        name=_clean(outcome.scenario.title),
        classname=_clean(place.file),
        file=_clean(place.file),
        line=str(place.line),
        time=f"{0 if isinstance(outcome, Skipped) else outcome.seconds:.3f}",
    )
    if isinstance(outcome, Skipped):
        ElementTree.SubElement(case, "skipped", message=_clean(outcome.reason))
        return case
    # A case has one failure or one error; it tells of all that was wrong.
    if outcome.problems:
        is_error = any(isinstance(problem, CouldNotRun) for problem in outcome.problems)
        message = headline(outcome.problems[0])
        told = ElementTree.SubElement(case, "error" if is_error else "failure", message=_clean(message))
        lines = (line for problem in outcome.problems for line in problem_lines(problem))
        told.text = _clean("\n".join(lines))
    return case


def _broken(file: FileOutcome) -> ElementTree.Element:
    case = ElementTree.Element(
        "testcase", name="compiles", classname=_clean(file.file), file=_clean(file.file)
    )
    ElementTree.SubElement(
        case, "error", message=f"it does not compile: ask `meltica check {_clean(file.file)}`"
    )
    return case


def _with(parent: ElementTree.Element, children: list[ElementTree.Element]) -> ElementTree.Element:
    parent.extend(children)
    return parent


def _clean(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
