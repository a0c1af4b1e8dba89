"""The adapters of this build: what each provides, and which settings it takes.

This table is the agreement with the runtime, which gets the settings as `ProviderNode.settings`:
every name of the schema is there, as the type that `setting_schema.SettingType` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from meltica_compiler.adapters.fake import FAKE
from meltica_compiler.adapters.manifest import AdapterSpec
from meltica_compiler.adapters.replay import REPLAY

ADAPTERS: Mapping[str, AdapterSpec] = MappingProxyType({spec.identifier: spec for spec in (FAKE, REPLAY)})
