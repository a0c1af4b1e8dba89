"""Manifests of the compiler and adapters of the runtime agree: which there are, and their settings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import anyio
import pytest

from meltica_compiler.adapters.adapters import ADAPTERS as MANIFESTS
from meltica_compiler.adapters.manifest import AdapterSpec
from meltica_compiler.graph.graph import ProviderNode, SettingValue
from meltica_dsl.text.source import Location
from meltica_runtime.dataplane.ingest import Ingest
from meltica_runtime.venues.adapters import ADAPTERS
from meltica_runtime.venues.fake.provider import fake_market_settings
from meltica_runtime.venues.fake.settings import FakeMarketSettings
from meltica_runtime.venues.live_provider import ProviderContext, ProviderState
from meltica_runtime.venues.paper.opening import paper_settings
from meltica_runtime.venues.paper.rules import PaperSettings

LANGUAGE_PAGE = Path(__file__).parents[3] / "docs" / "language.md"
SYMBOLS = {"BTC-USDT": 0}
UNTIL_STARTED_SECONDS = 20


class ReadSettings(Mapping[str, SettingValue]):
    """Settings that remember which of them were read."""

    def __init__(self, values: Mapping[str, SettingValue]) -> None:
        self._values = values
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> SettingValue:
        self.read.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def least_settings(manifest: AdapterSpec) -> dict[str, SettingValue]:
    """Every setting of a manifest: its default, or the first value that it may have."""
    return {
        spec.name: (spec.choices[0] if spec.choices else "no/such/file") if spec.required else spec.default
        for spec in manifest.settings
    }


def provider_node(manifest: AdapterSpec, settings: Mapping[str, SettingValue]) -> ProviderNode:
    place = Location("maker.mel", 1, 1)
    return ProviderNode(
        "provider:paper", "paper", manifest.identifier, tuple(SYMBOLS), settings, (), manifest.trades, place
    )


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def test_the_runtime_opens_the_adapters_that_the_compiler_declares():
    assert set(ADAPTERS) == set(MANIFESTS)


@pytest.mark.anyio
@pytest.mark.parametrize("manifest", MANIFESTS.values(), ids=lambda manifest: manifest.identifier)
async def test_an_adapter_reads_every_setting_of_its_manifest_and_no_other(manifest, tmp_path):
    settings = ReadSettings(least_settings(manifest))
    context = ProviderContext(
        code=0,
        symbols=SYMBOLS,
        rings={},
        ingest=Ingest(lambda: 1e15),
        pump=lambda: None,
        report=lambda _report: None,
        seed=None,
        project_root=tmp_path,
    )
    provider = ADAPTERS[manifest.identifier].open(provider_node(manifest, settings), context)
    with anyio.fail_after(UNTIL_STARTED_SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(provider.run)
            while provider.statistics().state in (ProviderState.PENDING, ProviderState.STARTING):
                await anyio.sleep(0)
            tasks.cancel_scope.cancel()
    # What no manifest has would have raised a KeyError, and the provider would have told of it.
    assert "KeyError" not in provider.statistics().error
    assert settings.read == {spec.name for spec in manifest.settings}


def test_the_manual_lists_each_adapter_with_the_settings_of_its_manifest():
    page = LANGUAGE_PAGE.read_text("utf-8")
    sections = re.findall(r"^### adapter (\w+)\n(.*?)(?=^###? |^<!-- end)", page, re.DOTALL | re.MULTILINE)
    listed = {name: re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) for name, text in sections}
    declared = {name: [spec.name for spec in manifest.settings] for name, manifest in MANIFESTS.items()}
    assert listed == declared


def test_the_defaults_are_those_of_the_manifest():
    manifest = MANIFESTS["fake"]
    node = provider_node(manifest, least_settings(manifest))
    assert fake_market_settings(node, seed=None, start_us=0.0) == FakeMarketSettings()
    assert paper_settings(node) == PaperSettings()
