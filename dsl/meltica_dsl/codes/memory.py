"""Codes of memory budgets: E07xx."""

from __future__ import annotations

from meltica_dsl.codes.code import Code

CODES: tuple[Code, ...] = ()
