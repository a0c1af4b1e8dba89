"""The writers of the pages, as modules."""

from __future__ import annotations

from types import ModuleType

import pytest
from tests.docs import error_pages as writer_of_error_pages
from tests.docs import pages as writer_of_pages


@pytest.fixture(scope="session")
def pages() -> ModuleType:
    return writer_of_pages


@pytest.fixture(scope="session")
def error_pages() -> ModuleType:
    return writer_of_error_pages
