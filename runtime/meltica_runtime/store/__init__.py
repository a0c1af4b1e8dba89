"""Postgres: the embedded server, the schema, what is kept and how it is found again."""
