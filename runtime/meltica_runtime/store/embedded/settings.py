"""How the embedded server is set up. Durable above all: whatever could lose a commit stays on."""

from __future__ import annotations

MAX_CONNECTIONS = 40
"""A gateway's pool (8), a command beside it such as `meltica migrate` (2), people with psql, and room."""

SETTINGS: dict[str, str] = {
    "listen_addresses": "",  # the socket in the folder is the only way in
    "unix_socket_permissions": "0700",
    "max_connections": str(MAX_CONNECTIONS),
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # There is no replica and no archive, so the log need not carry what only they would read.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "shared_buffers": "64MB",
    # Queries here are short and by key: parallel plans, compiled plans and I/O workers only cost processes.
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}

INITDB_OPTIONS = (
    "--username=postgres",
    "--auth=trust",
    "--encoding=UTF8",
    "--no-locale",
    "--no-instructions",
)
"""`trust`, because only the owner of the folder can reach the socket in it."""


def command_line_settings() -> list[str]:
    return [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
