"""Data source names: shown without their password, and in the form that dbmate wants."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

EMBEDDED = "embedded"
"""The data source name that means: a server of our own, in the project's folder."""

SCHEMES = ("postgres", "postgresql")
HIDDEN = "***"

_SECRET_PARAMETERS = frozenset({"password", "passfile", "sslpassword"})


def dsn_fault(dsn: str) -> str | None:
    """Why a text is no data source name, in words that do not repeat it; None when it is one."""
    if dsn == EMBEDDED:
        return None
    scheme, separator, _ = dsn.partition("://")
    if not separator or scheme not in SCHEMES:
        return f"neither `{EMBEDDED}` nor a URL that begins with `postgresql://`"
    try:
        parts = urlsplit(dsn)
        _ = parts.port
    except ValueError:
        return "a URL whose host or port is malformed (write `%40` for an `@` in a password)"
    # A password with one of `/?#` in it ends the address too early, and an `@` comes where none belongs.
    if "#" in dsn or "@" in parts.path or "@" in parts.query:
        return (
            "a URL with a `/`, `?`, `#` or `@` out of place (write `%2F`, `%3F`, `%23`, `%40` in a password)"
        )
    return None


def shown(dsn: str) -> str:
    """The data source name with its secrets left out, for messages and logs.

    >>> shown("postgresql://gateway:hunter2@db.example:5432/meltica?sslmode=require")
    'postgresql://gateway:***@db.example:5432/meltica?sslmode=require'
    """
    if dsn == EMBEDDED or dsn_fault(dsn) is not None:
        return EMBEDDED if dsn == EMBEDDED else HIDDEN
    parts = urlsplit(dsn)
    account, at, address = parts.netloc.rpartition("@")
    user, colon, _ = account.partition(":")
    netloc = f"{user}{colon}{HIDDEN if colon else ''}{at}{address}"
    query = [(key, HIDDEN if key in _SECRET_PARAMETERS else value) for key, value in parse_qsl(parts.query)]
    return urlunsplit((parts.scheme, netloc, parts.path, urlencode(query, safe="/*"), ""))


def without_secrets(text: str, dsn: str) -> str:
    """`text`, which another program wrote, with every secret of `dsn` blotted out."""
    for secret in _secrets(dsn):
        text = text.replace(secret, HIDDEN)
    return text


def _secrets(dsn: str) -> tuple[str, ...]:
    parts = urlsplit(dsn)
    account = parts.netloc.rpartition("@")[0]
    password = account.partition(":")[2]
    queried = [value for key, value in parse_qsl(parts.query) if key in _SECRET_PARAMETERS]
    found = {password, unquote(password), *queried, *(quote(value, safe="") for value in queried)}
    return tuple(sorted((secret for secret in found if secret), key=len, reverse=True))


def for_dbmate(dsn: str) -> str:
    """The same database, in the dialect of dbmate's driver.

    That driver insists on TLS unless told otherwise; asyncpg, like libpq, takes it where the server
    offers it. So both speak alike when the name does not say.
    """
    parts = urlsplit(dsn)
    query = parse_qsl(parts.query)
    if not any(key == "sslmode" for key, _ in query):
        is_socket = not parts.hostname or any(key == "host" and value.startswith("/") for key, value in query)
        query.append(("sslmode", "disable" if is_socket else "prefer"))
    return urlunsplit(("postgres", parts.netloc, parts.path, urlencode(query, safe="/"), ""))
