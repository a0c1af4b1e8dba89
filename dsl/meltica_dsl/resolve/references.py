"""What a name means: one declaration, all instances of a family, or one of them."""

from __future__ import annotations

from meltica_dsl.diagnostics.diagnostic import Diagnostic, Label
from meltica_dsl.model.disabled import Disabled
from meltica_dsl.resolve.constants import Constants
from meltica_dsl.resolve.instance_names import family_name
from meltica_dsl.resolve.scope import DeclKind, Family
from meltica_dsl.resolve.suggestions import listing
from meltica_dsl.syntax import Name
from meltica_dsl.text.suggest import nearest


def one(name: Name, constants: Constants, *wanted: DeclKind) -> str | None:
    """The full name of the one declaration that is meant, which is there. None if it is not, or if several
    could be meant, which is reported."""
    family = _family(name, constants, wanted)
    if family is None:
        return None
    if name.text in family.enabled:
        return name.text
    disabled = family.disabled.get(name.text)
    if disabled is not None:
        constants.diagnostics.add(_disabled(name, disabled))
    elif family.repeats and name.text == family_name(name.text):
        constants.diagnostics.add(_ambiguous(name, family))
    else:
        _report_no_instance(name, family, constants)
    return None


def several(name: Name, constants: Constants, *wanted: DeclKind) -> tuple[str, ...] | None:
    """The full names that are meant in a list: those of all instances for the bare name of a family. What is
    switched off is left out. None if the name means nothing, which is reported."""
    family = _family(name, constants, wanted)
    if family is None:
        return None
    if name.text in family.enabled:
        return (name.text,)
    if name.text in family.disabled:
        return ()
    if family.repeats and name.text == family_name(name.text):
        return tuple(family.enabled)
    _report_no_instance(name, family, constants)
    return None


def find_disabled(name: Name, constants: Constants, decl_kind: DeclKind) -> Disabled | None:
    """Why the one declaration of this full name is not there. None if it is, or if there is none."""
    family = constants.names.families[decl_kind].get(family_name(name.text))
    return family.disabled.get(name.text) if family is not None and family.is_valid else None


def _family(name: Name, constants: Constants, wanted: tuple[DeclKind, ...]) -> Family | None:
    """What the declaration of this name gives. None if there is none or it is not known."""
    names, base = constants.names, family_name(name.text)
    if not names.require(Name(base, name.span), *wanted):
        return None
    family = next(names.families[n][base] for n in wanted if base in names.families[n])
    return family if family.is_valid else None


def _disabled(name: Name, disabled: Disabled) -> Diagnostic:
    return Diagnostic(
        "E0220",
        f"`{name.text}` is switched off",
        name.span,
        "is needed here",
        labels=(Label(disabled.span, disabled.cause.value),),
        help=("switch off what needs it by the same condition, or give it something else",),
    )


def _ambiguous(name: Name, family: Family) -> Diagnostic:
    return Diagnostic(
        "E0219",
        f"`{name.text}` is a family, and one of it is wanted here",
        name.span,
        "which one?",
        help=listing(list(family.enabled), f"an instance of `{name.text}`"),
    )


def _report_no_instance(name: Name, family: Family, constants: Constants) -> None:
    if not constants.diagnostics.again("E0218", name.span):
        constants.diagnostics.add(_no_instance(name, family))


def _no_instance(name: Name, family: Family) -> Diagnostic:
    base = family_name(name.text)
    if not family.repeats:
        return Diagnostic(
            "E0218",
            f"`{base}` stands alone: it has no instances",
            name.span,
            help=(f"write `{base}`, or repeat its declaration: `{base} for s in […]`",),
        )
    known = [*family.enabled, *family.disabled]
    likely = nearest(name.text, known)
    hint = (f"did you mean `{likely}`?",) if likely else ()
    return Diagnostic(
        "E0218",
        f"there is no `{name.text}`",
        name.span,
        f"`{base}` has no such instance",
        help=(*hint, *listing(known, f"an instance of `{base}`")),
    )
