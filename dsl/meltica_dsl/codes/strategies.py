"""Codes of strategies and their modules: E05xx."""

from __future__ import annotations

from meltica_dsl.codes.code import Code

CODES: tuple[Code, ...] = ()
