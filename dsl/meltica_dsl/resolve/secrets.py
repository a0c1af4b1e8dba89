"""Where secrets may go: the settings of a provider, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping

from meltica_dsl.model.values import Secret, Setting
from meltica_dsl.resolve.diagnostic_collector import DiagnosticCollector
from meltica_dsl.resolve.setting_errors import secret_here


def refuse_secrets(settings: Mapping[str, Setting], where: str, diagnostics: DiagnosticCollector) -> None:
    """Reports every secret among the settings, in lists and objects too."""
    waiting = list(settings.values())
    while waiting:
        setting = waiting.pop()
        match setting.value:
            case Secret():
                diagnostics.add(secret_here(setting.span, where))
            case tuple():
                waiting.extend(setting.value)
            case dict():
                waiting.extend(setting.value.values())
            case _:
                pass
