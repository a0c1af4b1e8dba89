"""Codes of files and the environment: E09xx."""

from __future__ import annotations

from meltica_dsl.codes.code import Code

CODES: tuple[Code, ...] = ()
