"""`meltica graph` as it is called."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from meltica_runtime.cli import main

PROVIDERS = "".join(
    f"provider venue_{n} {{ adapter = fake, symbols = [BTC-USDT], seed = {n} }}\n" for n in range(45)
)
PIPELINE = f"""
pipeline wide
{PROVIDERS}
pool market {{ events = 1_024, on_full = drop_oldest }}
route all via market = {", ".join(f"venue_{n}.trade" for n in range(45))} -> tape
sink tape = log
"""


def test_many_providers_are_summed_up_unless_all_are_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "wide.mel"
    file.write_text(PIPELINE)
    short = CliRunner().invoke(main, ["graph", str(file)])
    assert short.exit_code == 0, short.stderr
    assert "venue_…  45 × fake" in short.stdout
    assert "venue_7 " not in short.stdout
    whole = CliRunner().invoke(main, ["graph", "--all", str(file)])
    assert "venue_7  fake" in whole.stdout
    drawing = tmp_path / "wide.dot"
    assert CliRunner().invoke(main, ["graph", "--all", str(file), "-o", str(drawing)]).exit_code == 0
    assert "venue_7" in drawing.read_text()


def test_a_plan_is_drawn_beside_its_text(tmp_path: Path) -> None:
    old, new, drawing = tmp_path / "old.mel", tmp_path / "new.mel", tmp_path / "plan.mmd"
    old.write_text(PIPELINE)
    new.write_text(PIPELINE.replace("seed = 7 ", "seed = 70 "))
    done = CliRunner().invoke(main, ["plan", str(old), str(new), "--all", "-o", str(drawing)])
    assert done.exit_code == 2
    assert "venue_7" in done.stdout
    assert "<b>↻ venue_7</b>" in drawing.read_text()
    assert CliRunner().invoke(main, ["plan", str(old), str(new), "-o", "plan.gif"]).exit_code == 1
