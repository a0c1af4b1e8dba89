"""What the pages say of the API, tried on a running gateway."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
TEXTS = [(ROOT / name).read_text("utf-8") for name in ("README.md", "docs/operations.md")]
CALLS = sorted(
    {call for text in TEXTS for call in re.findall(r'curl "?http://127\.0\.0\.1:8880([^"\s]*)', text)}
)
METRICS = sorted(set(re.findall(r"^\| `(meltica_\w+)`", TEXTS[1], re.MULTILINE)))


def test_every_documented_call_and_metric_is_there(shared_project, wait_until, orders_of):
    # Some metrics are those of a budget.
    text = shared_project.pipeline.read_text()
    shared_project.pipeline.write_text(text.replace("memory = 64MiB", "memory = 64MiB, latency = 5s"))
    gateway = shared_project.run()
    address = gateway.ready()
    wait_until(lambda: orders_of(address), 30, "an order is visible")
    answers = {call: httpx.get(address + call, timeout=30) for call in CALLS}
    assert {call: answer.status_code for call, answer in answers.items()} == dict.fromkeys(CALLS, 200)
    metrics = answers["/metrics"].text
    assert [name for name in METRICS if f"\n{name}" not in metrics] == []
    assert "/graph?format=svg" in answers
    assert answers["/graph?format=svg"].text.rstrip().endswith("</svg>")
    assert gateway.stop(signal.SIGTERM) == 0


def test_the_api_is_documented_whole(shared_project):
    gateway = shared_project.run()
    paths = httpx.get(f"{gateway.ready()}/openapi.json", timeout=30).json()["paths"]
    documented = {re.sub(r"\?.*", "", call) for call in CALLS}
    read = [path for path, own in paths.items() if "get" in own]
    written = [f"{m.upper()} {path}" for path, own in paths.items() for m in own if m != "get"]
    assert [one for one in written if f"`{one}`" not in TEXTS[1]] == []
    missing = [p for p in read if not any(re.fullmatch(re.sub(r"{\w+}", "[^/]+", p), d) for d in documented)]
    assert missing == []
    assert gateway.stop(signal.SIGTERM) == 0
