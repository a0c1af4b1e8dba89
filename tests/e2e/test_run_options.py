"""How a run ends by itself, what it says meanwhile, and what a seed promises."""

from __future__ import annotations

import os
import pty
import re
import select
import struct
import termios
import time
from fcntl import ioctl
from subprocess import Popen

import anyio
import pyarrow.parquet as parquet
import pytest
from rich.cells import cell_len

from meltica_runtime.orders.limits import RiskEvent, RiskLimit, RiskStatus
from meltica_runtime.orders.write_log import RiskRecorded
from meltica_runtime.store.pool import PoolLimits, open_database
from meltica_runtime.store.write_log import PostgresWriteLog

LOG_LINE = re.compile(r"\d{4}-\d\d-\d\dT\S+Z ")

TAPE = """
sink tape = parquet {{ path = "{name}/{{event}}.parquet" }}
"""


def test_it_stops_by_itself_after_a_time(shared_project):
    gateway = shared_project.run("--for", "2s")
    gateway.ready()
    assert gateway.end() == 0, gateway.output
    ran = gateway.says_when("stopped in order") - gateway.says_when("control API at")
    assert 1.9 < ran < 12, gateway.output


def test_it_stops_by_itself_after_so_many_events(shared_project):
    gateway = shared_project.run("--events", "5000")
    gateway.ready()
    assert gateway.end() == 0, gateway.output
    handled = int(re.search(r"([\d,]+) events handled", gateway.output)[1].replace(",", ""))
    assert handled >= 5_000


REPLAY = """
pipeline tape
provider tape {{ adapter = replay, symbols = [BTC-USDT], path = "{path}", format = tardis_trades }}
pool wide {{ events = 8_192, on_full = block }}
route all via wide = tape.trade -> kept
sink kept = parquet {{ path = "kept/{{event}}.parquet" }}
"""


def replaying(project, rows: list[str]) -> None:
    head = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount"
    (project.folder / "tape.csv").write_text("\n".join([head, *rows]) + "\n")
    project.pipeline.write_text(REPLAY.format(path="tape.csv"))


def test_a_replay_can_end_the_run(project):
    start = 1_700_000_000_000_000
    row = "binance,BTCUSDT,{0},{0},{1},buy,60000.5,0.01"
    replaying(project, [row.format(start + 1_000 * number, number) for number in range(1, 201)])
    gateway = project.run("--to-end")
    gateway.ready()
    assert gateway.end() == 0, gateway.output
    assert "200 events handled" in gateway.output
    kept = [parquet.read_table(path).num_rows for path in (project.folder / "kept").glob("*.parquet")]
    assert sum(kept) == 200


def test_a_replay_that_breaks_off_says_so(project):
    replaying(project, ["binance,BTCUSDT,yesterday,today,1,buy,60000.5,0.01"])
    gateway = project.run("--to-end")
    assert gateway.end() == 3, gateway.output
    assert "not played to its end: tape" in gateway.output


def test_without_a_terminal_it_prints_plain_lines(shared_project):
    gateway = shared_project.run("--for", "6s")
    gateway.ready()
    assert gateway.end() == 0
    assert re.search(r"^\d+s · [\d,]+ events · [\d,]+/s · [\d,]+ dropped · \d+ orders", gateway.output, re.M)
    assert "\x1b" not in gateway.output


def test_quiet_says_only_where_it_is(shared_project):
    gateway = shared_project.run("--for", "100ms", "--quiet")
    gateway.ready()
    assert gateway.end() == 0
    assert len(gateway.lines) == 1, gateway.output


def test_the_same_seed_makes_the_same_market(shared_project):
    """Times are those of the clock, and so orders are too; what the market does is the seed's."""
    first, second = (recorded(shared_project, f"tape{run}", seed=7) for run in (1, 2))
    shared = min(len(first), len(second), 500)
    assert shared > 100
    assert first[:shared] == second[:shared]
    assert first[:shared] != recorded(shared_project, "tape3", seed=8)[:shared]


def recorded(project, name: str, seed: int) -> list[tuple[str, float, float]]:
    """The first trades of a run: symbol, price, quantity."""
    text = project.pipeline.read_text()
    text = re.sub(r"\nsink tape.*\n", "", text).replace("-> maker, pulse, tape", "-> maker, pulse")
    text = text.replace("-> maker, pulse\n", "-> maker, pulse, tape\n") + TAPE.format(name=name)
    project.pipeline.write_text(text)
    gateway = project.run("--events", "6000", "--seed", str(seed))
    gateway.ready()
    assert gateway.end() == 0, gateway.output
    parts = sorted((project.folder / name).glob("*.parquet"))
    columns = parquet.read_table(parts[0], columns=["symbol", "price", "quantity"]).to_pydict()
    return list(zip(*columns.values(), strict=True))


@pytest.mark.parametrize("columns", [80, 120])
def test_a_terminal_gets_a_live_view_that_fits(columns, shared_project):
    screen, code = watched(shared_project, columns)
    assert code == 0
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen)
    for word in ("quickstart", "provider", "paper", "route", "trades", "strategy", "maker", "orders"):
        assert word in plain
    # A log line is one line whatever the width, so that it can be searched for.
    view = [line.rstrip() for line in re.split(r"[\r\n]+", plain) if not LOG_LINE.match(line)]
    widest = max(view, key=cell_len)
    assert cell_len(widest) <= columns, widest
    assert "…" not in plain, "nothing is cut off"


def watched(project, columns: int) -> tuple[str, int]:
    """What a terminal of so many columns gets from a run of two seconds, and the exit code."""
    leader, follower = pty.openpty()
    ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
    command = [project.run.__func__.__globals__["MELTICA"], "run", "quickstart.mel", "--for", "2s"]
    env = project.environment(TERM="xterm-256color")
    with Popen(command, cwd=project.folder, env=env, stdin=follower, stdout=follower, stderr=follower) as run:
        os.close(follower)
        shown = read_all(leader, 60)
        code = run.wait(30)
    os.close(leader)
    return shown, code


def read_all(leader: int, limit_s: float) -> str:
    data = b""
    deadline = time.monotonic() + limit_s
    while select.select([leader], [], [], max(0.0, deadline - time.monotonic()))[0]:
        try:
            data += os.read(leader, 65_536)
        except OSError:
            break  # the other end is closed
    return data.decode()


def test_a_strategy_that_is_not_there_is_not_released(shared_project):
    gateway = shared_project.run("--release", "makr")
    assert gateway.end() == 1
    assert "did you mean `maker`?" in gateway.output


def test_the_kill_switch_of_the_whole_gateway_is_released_by_its_flag(shared_project, migrated_dsn):
    async def engage() -> None:
        event = RiskEvent(
            None, 1, 1_772_331_249e6, RiskStatus.TRIGGERED, RiskLimit.KILL_SWITCH, "by hand", True, False
        )
        async with open_database(migrated_dsn, PoolLimits()) as database:
            await PostgresWriteLog(database).commit([RiskRecorded(event)])

    anyio.run(engage)

    def said(*words: str) -> str:
        gateway = shared_project.run("--events", "1000", *words, DATABASE_URL=migrated_dsn)
        assert gateway.end() == 0, gateway.output
        return gateway.output

    told = "the kill switch of the whole gateway is engaged since 2026-03-01T02:14:09Z (by hand)"
    assert told in said()
    assert told in said(), "a restart releases no kill switch"
    assert "the kill switch of the whole gateway is released" in said("--release-gateway")
    assert "kill switch" not in said()
