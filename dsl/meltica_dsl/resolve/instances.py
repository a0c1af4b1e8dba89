"""`for` and `if` on declarations, worked out: each declaration becomes the instances that are there."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from meltica_dsl import syntax
from meltica_dsl.diagnostics.diagnostic import Diagnostic
from meltica_dsl.model.disabled import Cause, Disabled
from meltica_dsl.model.pipeline import Const
from meltica_dsl.model.values import Setting
from meltica_dsl.resolve.constants import Constants
from meltica_dsl.resolve.instance_names import full_name, index_text, no_index
from meltica_dsl.resolve.scope import FILE_SCOPE, Family, Scope, declared_twice, declares
from meltica_dsl.resolve.typed import TypedValues
from meltica_dsl.text.source import Span

MAX_INSTANCES = 20_000
"""Of all families of a pipeline. Twice as many nodes as a pipeline is meant to have."""


class Instance(Struct, frozen=True):
    """One of those that a declaration gives. `name` is its full name; `scope` holds its variables."""

    name: str
    scope: Scope


def instances(file: syntax.File, constants: Constants) -> tuple[tuple[syntax.RepeatableDecl, Instance], ...]:
    """All instances that are there, with their declarations, in the order of the file. The names learn of
    them, and of those that are switched off."""
    expander = _Expander(constants)
    return tuple(
        (declaration, instance)
        for declaration in file.declarations
        if isinstance(declaration, syntax.RepeatableDecl)
        for instance in expander.expand(declaration)
    )


class _Invalid(Exception):
    """The modifiers of a declaration have an error, which is reported."""


class _Branch(Struct, frozen=True):
    """One way through the modifiers read so far."""

    index: tuple[str, ...]
    scope: Scope
    disabled: Span | None = None


class _Expander:
    def __init__(self, constants: Constants) -> None:
        self._constants = constants
        self._diagnostics = constants.diagnostics
        self._typed = TypedValues(constants.diagnostics, list(constants.names.lets))
        self._count = 0

    def expand(self, declaration: syntax.RepeatableDecl) -> list[Instance]:
        declared = declares(declaration)
        assert declared is not None, "what can be repeated has a name"
        decl_kind, name = declared
        if not self._constants.names.is_first(decl_kind, name):
            return []
        repeats = [m for m in declaration.modifiers if isinstance(m, syntax.Repeat)]
        family = Family(repeats=bool(repeats))
        self._constants.names.families[decl_kind][name.text] = family
        family.is_valid = self._check_variables(repeats)
        try:
            branches = self._branches(declaration) if family.is_valid else []
        except _Invalid:
            family.is_valid = False
            return []
        return list(self._instances(declaration, family, branches))

    def _instances(
        self, declaration: syntax.RepeatableDecl, family: Family, branches: list[_Branch]
    ) -> Iterator[Instance]:
        for branch in branches:
            name = full_name(declaration.name.text, branch.index)
            if branch.disabled is None:
                family.enabled[name] = None
                yield Instance(name, branch.scope)
            else:
                family.disabled[name] = Disabled(branch.disabled, Cause.CONDITION)

    def _check_variables(self, repeats: list[syntax.Repeat]) -> bool:
        seen: dict[str, syntax.Name] = {}
        for repeat in repeats:
            variable = repeat.variable
            if variable.text in seen:
                self._diagnostics.add(declared_twice("a variable", seen[variable.text], variable))
                return False
            seen[variable.text] = variable
        return True

    def _branches(self, declaration: syntax.RepeatableDecl) -> list[_Branch]:
        """Every way through the modifiers, from left to right: what stands right sees what stands left."""
        branches = [_Branch((), FILE_SCOPE)]
        for modifier in declaration.modifiers:
            if isinstance(modifier, syntax.Condition):
                branches = [self._judged(branch, modifier) for branch in branches]
                continue
            branches = [more for branch in branches for more in self._repeated(branch, modifier)]
        return branches

    def _judged(self, branch: _Branch, modifier: syntax.Condition) -> _Branch:
        if branch.disabled is not None:
            return branch
        condition = self._constants.type_checker(None).condition(modifier.condition, branch.scope)
        if condition is None:
            raise _Invalid
        assert isinstance(condition, Const), "without fields everything is constant"
        return branch if condition.value else _Branch(branch.index, branch.scope, modifier.condition.span)

    def _repeated(self, branch: _Branch, modifier: syntax.Repeat) -> Iterator[_Branch]:
        for item, text in self._items(modifier, branch.scope):
            self._count += 1
            if self._count > MAX_INSTANCES:
                self._report_too_many(modifier)
                raise _Invalid
            scope = Scope({**branch.scope.arguments, modifier.variable.text: item})
            yield _Branch((*branch.index, text), scope, branch.disabled)

    def _items(self, modifier: syntax.Repeat, scope: Scope) -> Iterator[tuple[Setting, str]]:
        setting = self._constants.evaluate(modifier.items, scope)
        key, example = f"for {modifier.variable.text} in", "[BTC-USDT, ETH-USDT]"
        texts = None if setting is None else self._typed.items(key, setting, self._index, example)
        if setting is None or texts is None:
            raise _Invalid
        assert isinstance(setting.value, tuple), "only lists have items"
        return zip(setting.value, texts, strict=True)

    def _index(self, _key: str, item: Setting) -> str | None:
        text = index_text(item)
        if text is None:
            self._diagnostics.add(no_index(item))
        return text

    def _report_too_many(self, modifier: syntax.Repeat) -> None:
        self._diagnostics.add(
            Diagnostic(
                "E0221",
                f"this makes more than {MAX_INSTANCES:_} instances",
                modifier.span,
                help=("shorten the list, or split the pipeline",),
            )
        )
