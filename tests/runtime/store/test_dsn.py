"""Data source names are shown without secrets, and mistakes in them are found without repeating them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meltica_runtime.store.dsn import dsn_fault, for_dbmate, shown, without_secrets

PASSWORDS = st.text(st.characters(categories=("L", "N", "P")), min_size=4, max_size=20).map("Zq9".__add__)
"""Passwords that do not look like another part of a data source name."""


@given(PASSWORDS)
def test_a_password_is_never_shown(password: str) -> None:
    from urllib.parse import quote

    for written in (password, quote(password, safe="")):
        assert password not in shown(f"postgresql://me:{written}@db.example/meltica")
        assert written not in shown(f"postgresql://me@db.example/meltica?password={quote(password, safe='')}")


@given(PASSWORDS)
def test_other_programs_words_lose_the_password(password: str) -> None:
    from urllib.parse import quote

    dsn = f"postgresql://me:{quote(password, safe='')}@db.example/meltica"
    said = without_secrets(f"cannot use {dsn}: {password!s} refused", dsn)
    assert quote(password, safe="") not in said
    assert password not in said


def test_the_rest_is_shown() -> None:
    assert shown("postgres://me@/meltica?host=/run/pg") == "postgres://me@/meltica?host=/run/pg"
    assert shown("embedded") == "embedded"


@pytest.mark.parametrize("dsn", ["embedded", "postgres://h/db", "postgresql://u:p@h:5432/db?sslmode=require"])
def test_good_names_have_no_fault(dsn: str) -> None:
    assert dsn_fault(dsn) is None


@pytest.mark.parametrize(
    "dsn",
    ["", "hunter2", "mysql://u:hunter2@h/db", "postgres://u:hunter2@h:port/db", "postgres://u:hunter2#@h"],
)
def test_a_fault_does_not_repeat_the_name(dsn: str) -> None:
    fault = dsn_fault(dsn)
    assert fault is not None
    assert "hunter2" not in fault
    assert "hunter2" not in shown(dsn)


def test_dbmate_does_not_insist_on_tls_where_we_do_not() -> None:
    assert for_dbmate("postgresql://postgres@/postgres?host=/run/pg").endswith("host=/run/pg&sslmode=disable")
    assert for_dbmate("postgresql://me@db/meltica").endswith("sslmode=prefer")
    assert for_dbmate("postgresql://me@db/meltica?sslmode=require").endswith("?sslmode=require")
