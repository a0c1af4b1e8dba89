"""The page on architecture lists the folders as the import contracts order them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LAYERS = {
    contract["containers"][0]: contract["layers"]
    for contract in PROJECT["tool"]["importlinter"]["contracts"]
    if contract["type"] == "layers" and "containers" in contract
}


def folders_told(package: str) -> list[str]:
    """The folders and modules in the first column of a package's table, from top to bottom."""
    section = re.search(rf"^### .*/{package}/`\n(.*?)(?=^#)", PAGE, re.MULTILINE | re.DOTALL)
    assert section is not None, f"no table of {package}"
    cells = re.findall(r"^\| (`[^|]*) \|", section.group(1), re.MULTILINE)
    return [name.removesuffix(".py").rstrip("/") for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


@pytest.mark.parametrize("package", ["meltica_dsl", "meltica_compiler", "meltica_runtime"])
def test_the_folders_stand_in_the_order_that_imports_keep(package):
    floor = {
        name.strip(" ()"): number
        for number, layer in enumerate(LAYERS[package])
        for name in re.split(r"[|:]", layer)
    }
    told = folders_told(package)
    assert sorted(told) == sorted(floor)
    assert [floor[name] for name in told] == sorted(floor[name] for name in told)
