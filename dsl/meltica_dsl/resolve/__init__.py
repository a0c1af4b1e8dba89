"""Syntax tree to typed model: names resolved, constants folded, every value of the type its key wants."""
