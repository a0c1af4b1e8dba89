"""The codes of diagnostics: `table` has them all.

The first two digits name the area: 01 syntax, 02 names and types, 03 values and settings, 04 adapters
and providers, 05 strategies, 06 flow, 07 memory, 08 secrets, 09 files and environment, 10 tests.

Nothing is imported here: what an error is needs no explanation of it, and `meltica check` stays instant.
"""
