"""What a pipeline shows of its environment, and what it keeps."""

from __future__ import annotations

from meltica_dsl.resolve.environment import shown_variables


def test_what_is_read_is_shown_and_a_secret_is_kept() -> None:
    texts = (
        'let live = env("LIVE", false)\nprovider okx { adapter = okx, api_key = secret( "OKX_KEY" ) }',
        'let a = env ("SIZE", 1) + env("OKX_KEY", 2)',
        'let not_read = "env"',
    )
    assert shown_variables(texts) == {"LIVE", "SIZE"}
