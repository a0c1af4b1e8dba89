"""The embedded Postgres: its server, the account it runs as, its programs, its settings, and who uses it."""
