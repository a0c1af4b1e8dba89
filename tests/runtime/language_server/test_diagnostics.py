"""Diagnostics as you type, over the real protocol."""

from __future__ import annotations

import pytest
from lsprotocol import types

pytestmark = pytest.mark.process


def test_a_sound_file_has_none(talk, frame):
    async def conversation(editor):
        editor.open(frame)
        assert await editor.diagnostics() == []

    talk(conversation)


def test_an_error_has_its_place_code_labels_and_help(talk, frame):
    async def conversation(editor):
        editor.open(frame.replace("market = binance.trade", "markt = binance.trade"))
        (found,) = [d for d in await editor.diagnostics() if d.severity is types.DiagnosticSeverity.Error]
        assert found.code == "E0201"
        assert found.source == "meltica"
        assert found.range == types.Range(types.Position(6, 17), types.Position(6, 22))
        assert "did you mean `market`?" in found.message

    talk(conversation)


def test_errors_go_when_they_are_mended(talk, frame):
    async def conversation(editor):
        editor.open(frame.replace("-> maker", "-> "))
        assert [d.code for d in await editor.diagnostics()]
        editor.open(frame)
        assert await editor.diagnostics() == []

    talk(conversation)


def test_an_unfinished_declaration_does_not_hide_the_errors_of_the_others(talk, frame):
    async def conversation(editor):
        editor.open(frame + "\nroute more via \n\npool late { events = 5s, on_full = block }\n")
        codes = [d.code for d in await editor.diagnostics() if d.severity is types.DiagnosticSeverity.Error]
        assert codes == ["E0102", "E0301"]

    talk(conversation)


def test_positions_count_utf_16_code_units_unless_the_client_wants_others(talk, frame):
    line = 'let a = if "😀é" == "" then 1 else "no"'
    text = f"{frame}\n{line}\n"
    columns = {"utf-32": 34, "utf-16": 35, "utf-8": 38}
    assert line.index('"no"') == columns["utf-32"]

    for encoding, column in columns.items():

        async def conversation(editor, column=column):
            editor.open(text)
            (found,) = [d for d in await editor.diagnostics() if d.code == "E0205"]
            assert found.range.start == types.Position(10, column)

        general = types.GeneralClientCapabilities(position_encodings=[encoding])
        talk(conversation, None if encoding == "utf-16" else types.ClientCapabilities(general=general))


def test_closing_a_file_clears_what_was_shown(talk, frame):
    async def conversation(editor):
        editor.open(frame.replace("-> maker", "-> maken"))
        assert await editor.diagnostics()
        editor.close()
        await editor.until(lambda: not editor.shown().diagnostics)

    talk(conversation)


def test_a_broken_config_is_reported_where_it_is_broken(talk, frame, tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "app.yaml").write_text("strategies: [\n")

    async def conversation(editor):
        editor.open(frame)
        assert await editor.diagnostics() == []
        await editor.until(lambda: editor.shown("config/app.yaml") is not None)
        assert editor.shown("config/app.yaml").diagnostics

    talk(conversation)


def test_a_pipeline_is_checked_with_the_imported_file_that_is_being_written(talk, frame, tmp_path):
    pool = "pool market { events = 1_024, on_full = drop_oldest }\n"
    (tmp_path / "shared.mel").write_text(pool)

    async def conversation(editor):
        editor.open(frame.replace(pool, 'import "shared.mel"\n'))
        assert await editor.diagnostics() == []
        # Not saved: the name is gone from the pipeline, and the error is told in the pipeline's file.
        editor.open(pool.replace("market", "rings"), "shared.mel")
        await editor.until(lambda: bool(editor.shown().diagnostics))
        assert [found.code for found in editor.shown().diagnostics] == ["E0201"]
        # A fragment alone declares no pipeline; as a part of one it is sound, and its own errors are its own.
        editor.open(pool.replace("1_024", "5s"), "shared.mel")
        (found,) = await editor.diagnostics("shared.mel")
        assert found.code == "E0301"
        editor.open(pool, "shared.mel")
        assert await editor.diagnostics("shared.mel") == []
        await editor.until(lambda: not editor.shown().diagnostics)

    talk(conversation)
