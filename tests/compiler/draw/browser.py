"""A real browser, and visitors that do in it what a reader of the page does."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
VISITS = Path(__file__).with_name("visits")


def opened(page: str, folder: Path, window: str = "1200,800") -> str:
    """The page's document after its scripts have run, in a window of so many pixels."""
    if BROWSER is None:
        pytest.skip("no chromium is installed")
    place = folder / "page.html"
    place.write_text(page, encoding="utf-8")
    profile = f"--user-data-dir={folder / 'profile'}"
    command = [BROWSER, *FLAGS, f"--window-size={window}", profile, "--dump-dom", place.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


def visited(page: str, folder: Path, visit: str, window: str = "1200,800") -> dict[str, object]:
    """What the page showed to the visitor that `visits/` describes under this name."""
    script = "".join((VISITS / f"{name}.js").read_text(encoding="utf-8") for name in ("visitor", visit))
    dom = opened(page.replace("</body>", f"<script>\n{script}report();\n</script></body>"), folder, window)
    found = re.search(r'<pre id="seen">(.*?)</pre>', dom, re.DOTALL)
    assert found is not None, "the page's script did not run to its end"
    seen: dict[str, object] = json.loads(html.unescape(found[1]))
    return seen
