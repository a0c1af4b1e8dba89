"""The settings between the braces of a declaration, taken key by key."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from meltica_dsl import syntax
from meltica_dsl.diagnostics.diagnostic import Diagnostic, replacements
from meltica_dsl.model.values import Setting
from meltica_dsl.resolve.constants import Constants
from meltica_dsl.resolve.scope import FILE_SCOPE, Scope
from meltica_dsl.resolve.setting_errors import block_without_equals, given_twice
from meltica_dsl.resolve.typed import TypedValues
from meltica_dsl.text.source import Span
from meltica_dsl.text.suggest import nearest

T = TypeVar("T")
ReadSetting = Callable[[str, Setting], T | None]


class BlockSettings(NamedTuple):
    """Settings as they are written, and the keys of those that are left out: their values are invalid."""

    settings: dict[str, Setting]
    invalid_keys: frozenset[str]


class Block:
    """Keys are taken by name; `finish` reports those that nobody took.

    `owner` is the phrase of what the block describes, `name_span` where its name stands: a missing key
    is reported there. Keys in `blocks` may stand before a block without `=`, and are blocks themselves.
    """

    def __init__(
        self,
        body: syntax.ObjectLiteral | None,
        constants: Constants,
        owner: str,
        name_span: Span,
        blocks: tuple[str, ...] = (),
        scope: Scope = FILE_SCOPE,
    ) -> None:
        self._constants = constants
        self._diagnostics = constants.diagnostics
        self.owner = owner
        self.name_span = name_span
        self.typed = TypedValues(constants.diagnostics, list(constants.names.lets))
        self._known: list[str] = []
        self._given: dict[str, syntax.Name] = {}
        self._settings: dict[str, Setting] = {}
        self._inner: dict[str, Block] = {}
        for entry in body.entries if body is not None else ():
            self._add(entry, blocks, scope)

    @classmethod
    def of_setting(cls, parent: Block, key: str, setting: Setting, example: str) -> Block | None:
        """A block inside a block: the value of a key that wants an object."""
        fields = parent.typed.fields(key, setting, example)
        if fields is None:
            return None
        block = cls(None, parent._constants, f"`{key}`", setting.key_span or setting.span)
        for name, value in fields.items():
            block._settings[name] = value
            block._given[name] = syntax.Name(name, value.key_span or value.span)
        return block

    def _add(self, entry: syntax.Entry, blocks: tuple[str, ...], scope: Scope) -> None:
        key = entry.key
        if entry.is_block and key.text not in blocks:
            self._diagnostics.add(block_without_equals(entry))
        if key.text in self._given:
            self._diagnostics.add(given_twice(key, self._given[key.text].span))
            return
        self._given[key.text] = key
        if key.text in blocks and isinstance(entry.value, syntax.ObjectLiteral):
            owner = f"`{key.text}`"
            self._inner[key.text] = Block(entry.value, self._constants, owner, key.span, scope=scope)
            return
        value = self._constants.evaluate(entry.value, scope)
        if value is not None:
            self._settings[key.text] = Setting(value.value, value.span, key.span)

    def take(self, key: str) -> Setting | None:
        """The value of a key: None if it is not given, or given and invalid."""
        self._known.append(key)
        return self._settings.get(key)

    def is_invalid(self, key: str) -> bool:
        """Whether it is given a value that has an error."""
        return key in self._given and key not in self._settings and key not in self._inner

    def take_block(self, key: str, example: str) -> BlockSettings | None:
        """What is written in the object of a key, none of it judged. None if that is invalid as a whole."""
        setting = self.take(key)
        if key in self._inner:
            return self._inner[key].rest()
        if setting is None:
            return None if self.is_invalid(key) else BlockSettings({}, frozenset())
        fields = self.typed.fields(key, setting, example)
        return None if fields is None else BlockSettings(fields, frozenset())

    def optional(self, key: str, read: ReadSetting[T]) -> T | None:
        setting = self.take(key)
        return None if setting is None else read(key, setting)

    def default(self, key: str, read: ReadSetting[T], default: T) -> T:
        value = self.optional(key, read)
        return default if value is None else value

    def required(self, key: str, read: ReadSetting[T], example: str) -> T | None:
        """The value of a key that has no default, reported if it is not given."""
        value = self.optional(key, read)
        if key not in self._given and not self._is_misspelt(key):
            self._diagnostics.add(
                Diagnostic(
                    "E0304",
                    f"{self.owner} needs `{key}`",
                    self.name_span,
                    f"has no `{key}`",
                    help=(f"add `{key} = {example}`",),
                )
            )
        return value

    def _is_misspelt(self, key: str) -> bool:
        """Whether a given key was most likely meant to be this one, which is then reported as that."""
        likely = nearest(key, [given for given in self._given if given not in self._known])
        if likely is None:
            return False
        self._diagnostics.add(self._unknown(self._given[likely]))
        self._known.append(likely)
        return True

    def rest(self) -> BlockSettings:
        """What was not taken, for a schema to judge that is not the language's own."""
        left = {key: value for key, value in self._settings.items() if key not in self._known}
        invalid_keys = frozenset(key for key in self._given if self.is_invalid(key))
        self._known.extend(self._given)
        return BlockSettings(left, invalid_keys)

    def finish(self) -> None:
        for key, name in self._given.items():
            if key not in self._known:
                self._diagnostics.add(self._unknown(name))

    def _unknown(self, name: syntax.Name) -> Diagnostic:
        likely = nearest(name.text, [key for key in self._known if key not in self._given])
        likely = likely or nearest(name.text, self._known)
        listed = ", ".join(f"`{key}`" for key in dict.fromkeys(self._known))
        return Diagnostic(
            "E0303",
            f"{self.owner} has no setting `{name.text}`",
            name.span,
            "not a setting",
            help=(f"did you mean `{likely}`?" if likely else f"its settings are {listed}",),
            fixes=replacements(name.span, likely),
        )
