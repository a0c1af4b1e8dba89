"""Whom the embedded server runs as. Postgres refuses to run as root, so root gives it another account."""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from meltica_runtime.store.faults import EmbeddedServerFault

ACCOUNT_NAME = "pgserver"
"""The name that the wheel's own Python module uses too, so that a machine gets one account and not two."""

_TRAVERSE = stat.S_IXOTH
_READ = stat.S_IROTH


class ProcessOptions(TypedDict):
    """Arguments of `subprocess.Popen`."""

    user: int | None
    group: int | None
    extra_groups: list[int] | None
    cwd: str


@dataclass(frozen=True, slots=True)
class ServerAccount:
    """`uid` and `gid` are None when the server runs as we do."""

    uid: int | None
    gid: int | None

    @property
    def owner(self) -> int:
        """Who owns the server's files."""
        return os.geteuid() if self.uid is None else self.uid

    def process_options(self) -> ProcessOptions:
        """What `subprocess` takes to run a program as this account, in a folder that it can read."""
        groups: list[int] | None = None if self.uid is None else []
        return {"user": self.uid, "group": self.gid, "extra_groups": groups, "cwd": "/"}


def server_account() -> ServerAccount:
    """Ourselves, or, for root, the account `pgserver`, made at the first need."""
    if os.geteuid() != 0:
        return ServerAccount(None, None)
    try:
        entry = pwd.getpwnam(ACCOUNT_NAME)
    except KeyError:
        entry = _create_account()
    return ServerAccount(entry.pw_uid, entry.pw_gid)


def _create_account() -> pwd.struct_passwd:
    command = ("useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT_NAME)
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=30)  # noqa: S603 - fixed words
        return pwd.getpwnam(ACCOUNT_NAME)
    except (OSError, subprocess.SubprocessError, KeyError) as error:
        raise EmbeddedServerFault(
            "Postgres does not run as root, and the account it would run as cannot be made",
            place=f"account {ACCOUNT_NAME}",
            help=f"make the account `{ACCOUNT_NAME}`, run as another user, or set DATABASE_URL",
        ) from error


def grant_access(account: ServerAccount, programs: Path, folder: Path) -> None:
    """Lets the lent account reach the programs and its folder. Does nothing when we run it as ourselves.

    Folders above get the right to be walked through, no more; the programs the right to be read.
    """
    if account.uid is None:
        return
    for path in (programs, folder):
        for parent in path.resolve().parents:
            _grant(parent, _TRAVERSE)
    installation = programs.parent
    if _lacks(programs / "postgres", _READ | _TRAVERSE) or _lacks(installation, _READ | _TRAVERSE):
        for path in (installation, *installation.rglob("*")):
            walkable = path.is_dir() or path.parent == programs
            _grant(path, _READ | _TRAVERSE if walkable else _READ)


def _lacks(path: Path, rights: int) -> bool:
    return path.stat().st_mode & rights != rights


def _grant(path: Path, rights: int) -> None:
    if _lacks(path, rights):
        path.chmod(stat.S_IMODE(path.stat().st_mode) | rights)


def chown_to(account: ServerAccount, path: Path) -> None:
    """Makes the server's account the owner of a file or folder that we made."""
    if account.uid is not None and account.gid is not None:
        os.chown(path, account.uid, account.gid)
