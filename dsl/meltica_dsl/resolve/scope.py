"""Names: what the file declares, and what a name means where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct, field

from meltica_dsl import syntax
from meltica_dsl.diagnostics.diagnostic import Diagnostic, Label
from meltica_dsl.model.disabled import Disabled
from meltica_dsl.model.values import Setting
from meltica_dsl.resolve.diagnostic_collector import DiagnosticCollector
from meltica_dsl.resolve.suggestions import did_you_mean, listing, misspelling_fixes
from meltica_dsl.syntax import Expr, Name


class DeclKind(Enum):
    """What a declaration declares; the value is its keyword."""

    LET = "let"
    PROVIDER = "provider"
    POOL = "pool"
    ROUTE = "route"
    STRATEGY = "strategy"
    SINK = "sink"
    STAGE = "stage"
    RISK = "risk"
    PLACE = "place"

    @property
    def phrase(self) -> str:
        return "a constant" if self is DeclKind.LET else f"a {self.value}"


_DECL_KINDS: Mapping[type, DeclKind] = {
    syntax.LetDecl: DeclKind.LET,
    syntax.ProviderDecl: DeclKind.PROVIDER,
    syntax.PoolDecl: DeclKind.POOL,
    syntax.RouteDecl: DeclKind.ROUTE,
    syntax.StrategyDecl: DeclKind.STRATEGY,
    syntax.SinkDecl: DeclKind.SINK,
    syntax.StageDecl: DeclKind.STAGE,
    syntax.RiskDecl: DeclKind.RISK,
    syntax.PlaceDecl: DeclKind.PLACE,
}

_SHARED: Mapping[DeclKind, tuple[DeclKind, ...]] = {
    DeclKind.STRATEGY: (DeclKind.SINK,),
    DeclKind.SINK: (DeclKind.STRATEGY,),
}
"""An arrow points at strategies and sinks alike, so they share their names."""

TARGETS = (DeclKind.STRATEGY, DeclKind.SINK)


class Scope(Struct, frozen=True):
    """Names in force besides the file's own: parameters of a stage, with what was passed for each, and the
    variables of a `for`, with their values."""

    arguments: Mapping[str, Argument | Setting] = field(default_factory=dict)


class Argument(Struct, frozen=True):
    """An expression and the scope of its own names: a caller's names never mix with a stage's."""

    expr: Expr
    scope: Scope


FILE_SCOPE = Scope()


class Family(Struct):
    """What a declaration gives once `for` and `if` are worked out: its instances, by their full names.

    `disabled` has those that are not there, with the span that says why. Unless it `is_valid`, nobody can
    say what its instances are, and that is reported already.
    """

    repeats: bool
    enabled: dict[str, None] = field(default_factory=dict)
    disabled: dict[str, Disabled] = field(default_factory=dict)
    is_valid: bool = True

    def disable(self, name: str, disabled: Disabled) -> None:
        """An instance turns out not to be there after all."""
        del self.enabled[name]
        self.disabled[name] = disabled


def declares(declaration: syntax.Declaration) -> tuple[DeclKind, Name] | None:
    """What a declaration gives a name to. Files, tests and what could not be read name nothing."""
    match declaration:
        case syntax.PipelineDecl() | syntax.ImportDecl() | syntax.TestDecl() | syntax.UnreadableDecl():
            return None
        case _:
            return _DECL_KINDS[type(declaration)], declaration.name


class Names:
    """Every name that the file declares. A second declaration of a name is reported, the first counts."""

    def __init__(self, file: syntax.File, diagnostics: DiagnosticCollector) -> None:
        self._diagnostics = diagnostics
        self._places: dict[DeclKind, dict[str, Name]] = {decl_kind: {} for decl_kind in DeclKind}
        self._unreadable: set[str] = set()
        self._is_whole = True
        """Whether all imported files are there: otherwise any name may be declared."""
        self.families: dict[DeclKind, dict[str, Family]] = {decl_kind: {} for decl_kind in DeclKind}
        self.lets: dict[str, syntax.LetDecl] = {}
        self.stages: dict[str, syntax.StageDecl] = {}
        for declaration in file.declarations:
            self._declare(declaration)

    def _declare(self, declaration: syntax.Declaration) -> None:
        if isinstance(declaration, syntax.UnreadableDecl):
            if declaration.keyword == "import":
                self._is_whole = False
            if declaration.name is not None:
                self._unreadable.add(declaration.name.text)
            return
        declared = declares(declaration)
        if declared is None:
            return
        decl_kind, name = declared
        sharing = (decl_kind, *_SHARED.get(decl_kind, ()))
        first = next((self._places[n][name.text] for n in sharing if name.text in self._places[n]), None)
        if first is not None:
            self._diagnostics.add(declared_twice(decl_kind.phrase, first, name))
            return
        self._places[decl_kind][name.text] = name
        if isinstance(declaration, syntax.LetDecl):
            self.lets[name.text] = declaration
        elif isinstance(declaration, syntax.StageDecl):
            self.stages[name.text] = declaration

    def is_first(self, decl_kind: DeclKind, name: Name) -> bool:
        """Whether this is the declaration that counts for its name."""
        return self._places[decl_kind].get(name.text) is name

    def has(self, decl_kind: DeclKind, name: str) -> bool:
        return name in self._places[decl_kind]

    def has_instance(self, decl_kind: DeclKind, name: str) -> bool:
        """Whether there is an instance of this full name. One that is switched off counts too."""
        family = self.families[decl_kind].get(name.partition("[")[0])
        return family is not None and (
            name in family.enabled or name in family.disabled or not family.is_valid
        )

    def instances(self, decl_kind: DeclKind) -> list[str]:
        """The full names of all instances that are there."""
        return [name for family in self.families[decl_kind].values() for name in family.enabled]

    def is_unreadable(self, name: str) -> bool:
        """Whether a declaration of this name has a syntax error, or may stand in an imported file that is not
        there, so that nothing is known of it."""
        return name in self._unreadable or not (self._is_whole or self._is_declared(name))

    def _is_declared(self, name: str) -> bool:
        return any(name in places for places in self._places.values())

    def all(self, decl_kind: DeclKind) -> tuple[str, ...]:
        return tuple(self._places[decl_kind])

    def require(self, name: Name, *wanted: DeclKind) -> bool:
        """Whether the name declares one of `wanted`. If not, that is reported."""
        if any(self.has(decl_kind, name.text) for decl_kind in wanted):
            return True
        if not (self.is_unreadable(name.text) or self._diagnostics.again("E0201", name.span)):
            self._diagnostics.add(self._unknown(name, wanted))
        return False

    def _unknown(self, name: Name, wanted: tuple[DeclKind, ...]) -> Diagnostic:
        phrase = " or ".join(decl_kind.phrase for decl_kind in wanted)
        known = [other for decl_kind in wanted for other in self._places[decl_kind]]
        actual = next((decl_kind for decl_kind in DeclKind if self.has(decl_kind, name.text)), None)
        if actual is not None:
            return Diagnostic(
                "E0209",
                f"`{name.text}` is {actual.phrase}, not {phrase}",
                name.span,
                f"{phrase} is wanted here",
                labels=(Label(self._places[actual][name.text].span, "declared here"),),
                help=listing(known, phrase),
            )
        return Diagnostic(
            "E0201",
            f"there is no {' or '.join(decl_kind.value for decl_kind in wanted)} called `{name.text}`",
            name.span,
            "not declared",
            help=did_you_mean(name.text, known) or listing(known, phrase),
            fixes=misspelling_fixes(name.text, name.span, known),
        )


def declared_twice(phrase: str, first: Name, second: Name) -> Diagnostic:
    return Diagnostic(
        "E0202",
        f"`{second.text}` is declared twice",
        second.span,
        f"{phrase} of this name is declared already",
        labels=(Label(first.span, "first declared here"),),
        help=("give one of them another name",),
    )
