"""Log lines reach stderr, whatever else goes on there."""

from __future__ import annotations

import subprocess
import sys

SET_UP = "import logging\nfrom meltica_runtime.logs.setup import set_up_logs\n"


def stderr_of(source: str) -> list[str]:
    """What a program that logs leaves on stderr."""
    command = [sys.executable, "-W", "error", "-c", SET_UP + source]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stderr.splitlines()


def test_our_lines_appear_from_info_on_and_those_of_libraries_from_warning_on() -> None:
    lines = stderr_of("""
set_up_logs(logging.INFO, color=False)
for name in ("meltica.orders", "library"):
    for level in ("debug", "info", "warning"):
        getattr(logging.getLogger(name), level)("%s says %s", name, level)
""")
    assert [line.split(" ", 1)[1] for line in lines] == [
        "info meltica.orders says info",
        "warning meltica.orders says warning",
        "warning library says warning",
    ]


def test_verbose_shows_debug_lines_of_ours() -> None:
    (line,) = stderr_of('set_up_logs(logging.DEBUG, color=False)\nlogging.getLogger("meltica").debug("more")')
    assert line.endswith("debug more")


def test_setting_up_again_replaces_what_was() -> None:
    (line,) = stderr_of("""
set_up_logs(logging.INFO, color=True)
set_up_logs(logging.INFO, color=False)
logging.getLogger("meltica").warning("once")
""")
    assert line.endswith(" warning once")


def test_all_lines_are_written_before_the_process_ends() -> None:
    lines = stderr_of("""
set_up_logs(logging.INFO, color=False)
for number in range(1_000):
    logging.getLogger("meltica").info("%d", number, extra={"node": f"strategy:{number}"})
""")
    assert [line.rsplit(" ", 1)[1] for line in lines] == [str(number) for number in range(1_000)]


def test_a_stderr_that_is_replaced_gets_the_lines() -> None:
    """The live view takes stderr over, to print above its table."""
    lines = stderr_of("""
import sys, io, threading
set_up_logs(logging.INFO, color=False)
real, sys.stderr = sys.stderr, io.StringIO()
logging.getLogger("meltica").info("within")
while "within" not in sys.stderr.getvalue():
    threading.Event().wait(0.001)
sys.stderr = real
logging.getLogger("meltica").info("after")
""")
    assert [line.rsplit(" ", 1)[1] for line in lines] == ["after"]


def test_a_terminal_that_does_not_read_stops_nothing_and_what_is_lost_is_counted() -> None:
    lines = stderr_of("""
import sys, threading
from meltica_runtime.logs.setup import QUEUED_LINES
set_up_logs(logging.INFO, color=False)
may_write, real = threading.Event(), sys.stderr
class Slow:
    def write(self, text):
        may_write.wait()
        real.write(text)
    def flush(self):
        real.flush()
sys.stderr = Slow()
log = logging.getLogger("meltica")
for number in range(QUEUED_LINES + 100):
    log.info("x", extra={"node": str(number)})
may_write.set()
queue = logging.getLogger().handlers[-1].queue
while queue.qsize():
    threading.Event().wait(0.001)
log.info("now")
""")
    assert lines[-1].endswith("log lines were dropped: stderr took them too slowly")
    assert lines[-2].endswith("now")
    assert 4_096 < len(lines) < 4_096 + 100
