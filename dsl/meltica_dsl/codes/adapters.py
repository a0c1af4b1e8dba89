"""Codes of adapters and providers: E04xx."""

from __future__ import annotations

from meltica_dsl.codes.code import Code

CODES: tuple[Code, ...] = ()
