"""The gateway as a user runs it, and the contract that its API keeps."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from shutil import copy
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[2]
CONTRACT = ROOT.parent / "shared" / "contract" / "control-api.openapi.json"
START_LIMIT_S = 60.0
STOP_LIMIT_S = 30.0


@pytest.fixture(scope="session")
def contract() -> dict[str, Any]:
    if not CONTRACT.exists():
        pytest.skip(f"the contract is not here: {CONTRACT}")
    document: dict[str, Any] = json.loads(CONTRACT.read_text())
    return document


@pytest.fixture(scope="module")
def quickstart(
    contract: dict[str, Any], module_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """A client of the quickstart's API, once its maker has orders and fills."""
    folder = tmp_path_factory.mktemp("quickstart")
    (folder / "config").mkdir()
    (folder / "config" / "app.yaml").write_text("apiServer:\n  addr: 127.0.0.1:0\n")
    copy(ROOT / "pipelines" / "quickstart.mel", folder / "quickstart.mel")
    command = [Path(sys.executable).with_name("meltica"), "run", "quickstart.mel"]
    environment = {**os.environ, "DATABASE_URL": module_dsn}
    output = (folder / "output.txt").open("w+")
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        with httpx.Client(base_url=_address(process, folder / "output.txt"), timeout=20) as client:
            _wait_for_fills(client)
            yield client
    finally:
        process.terminate()
        process.wait(STOP_LIMIT_S)
        output.close()


def _address(process: subprocess.Popen[bytes], output: Path) -> str:
    limit = time.monotonic() + START_LIMIT_S
    while time.monotonic() < limit and process.poll() is None:
        found = re.search(r"control API at (\S+)", output.read_text())
        if found:
            return found.group(1)
        time.sleep(0.02)
    pytest.fail(f"the gateway did not start: {output.read_text()}")


def _wait_for_fills(client: httpx.Client) -> None:
    limit = time.monotonic() + START_LIMIT_S
    while time.monotonic() < limit:
        if client.get("/strategy/instances/maker/executions").json()["count"]:
            return
        time.sleep(0.02)
    pytest.fail("the maker of the quickstart had no fill")
