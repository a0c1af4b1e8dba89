"""Codes of flow: reachability, cycles, loss: E06xx."""

from __future__ import annotations

from meltica_dsl.codes.code import Code

CODES: tuple[Code, ...] = ()
