"""The config of a gateway: `config/app.yaml`, and what the environment says on top."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings

from meltica_dsl.diagnostics.diagnostic import Diagnostic
from meltica_dsl.text.source import SourceFile, Span
from meltica_runtime.config.document import ConfigDocument, read_document
from meltica_runtime.config.fault import ConfigFault
from meltica_runtime.config.schema import Config
from meltica_runtime.config.validation_diagnostics import validation_diagnostics
from meltica_runtime.store.dsn import dsn_fault

__all__ = ["Config", "load_config"]


class _Environment(BaseSettings):
    """The environment variables that override a key. An empty one counts as not set."""

    model_config = {"env_ignore_empty": True}

    database_url: SecretStr | None = None


def load_config(root: Path, path: Path | None) -> Config:
    """The config in `path`, or the defaults without one; relative folders are those in `root`.

    DATABASE_URL overrides `database.dsn`. Raises `ConfigFault` with everything that is wrong.
    """
    document = ConfigDocument(SourceFile("", "")) if path is None else read_document(path)
    override, complaints = _override()
    found: list[Diagnostic] = [*document.diagnostics, *complaints]
    data = document.data
    if override is not None and isinstance(data.get("database", {}), dict):
        data = {**data, "database": {**_section(data, "database"), "dsn": override}}
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        found += validation_diagnostics(error, document, Config)
    if found:
        raise ConfigFault(tuple(found), (document.shown_source(), *_environment_sources(complaints)))
    return config.with_folders_in(root)


def _section(data: dict[str, object], name: str) -> dict[str, object]:
    section = data.get(name, {})
    assert isinstance(section, dict)
    return section


_VARIABLE = "DATABASE_URL"


def _override() -> tuple[SecretStr | None, list[Diagnostic]]:
    """The data source name of the environment, and what is wrong with it. Its text is never shown."""
    url = _Environment().database_url
    fault = None if url is None else dsn_fault(url.get_secret_value())
    if fault is None:
        return url, []
    return None, [Diagnostic("E0922", f"the environment variable `{_VARIABLE}` is {fault}", _variable_span())]


def _variable_span() -> Span:
    return Span("environment", 0, len(_VARIABLE))


def _environment_sources(complaints: list[Diagnostic]) -> tuple[SourceFile, ...]:
    return (SourceFile("environment", f"{_VARIABLE}=…"),) if complaints else ()
