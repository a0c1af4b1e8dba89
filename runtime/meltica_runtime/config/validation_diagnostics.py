"""From what pydantic finds wrong with a config to diagnostics at the places in the file."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from meltica_dsl.diagnostics.diagnostic import Diagnostic, Edit, Fix
from meltica_dsl.text.suggest import nearest
from meltica_runtime.config.document import ConfigDocument, Key

_WANTED: Mapping[str, str] = {
    "bool_type": "true or false is wanted",
    "int_type": "a whole number is wanted",
    "string_type": "a text is wanted",
    "path_type": "the path of a folder is wanted",
    "model_type": "a section of `key: value` is wanted",
    "model_attributes_type": "a section of `key: value` is wanted",
    "dict_type": "a section of `key: value` is wanted",
}
"""Words for values of the wrong kind."""

_LIMITED: Mapping[str, str] = {
    "value_error": "{error}",
    "greater_than_equal": "it must be at least {ge}",
    "less_than_equal": "it must be at most {le}",
    "string_too_short": "it must not be empty",
    "string_too_long": "it must have at most {max_length} characters",
    "string_pattern_mismatch": "it must be one word of lower case letters, digits and `-`",
}
"""Words for values beyond a limit, with places for what pydantic says of it."""


def validation_diagnostics(
    error: ValidationError, document: ConfigDocument, model: type[BaseModel]
) -> list[Diagnostic]:
    """One diagnostic for each error. No value is repeated in words: it may be a secret."""
    return [
        _diagnostic(detail, document, model)
        for detail in error.errors(include_url=False, include_input=False)
    ]


def _diagnostic(detail: ErrorDetails, document: ConfigDocument, model: type[BaseModel]) -> Diagnostic:
    key: Key = detail["loc"]
    if detail["type"] == "extra_forbidden":
        return _unknown_key(key, document, model)
    path = ".".join(str(part) for part in key)
    return Diagnostic("E0922", f"`{path}`: {_words(detail)}", document.spans_of(key).value)


def _words(detail: ErrorDetails) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in _LIMITED:
        return _LIMITED[kind].format(**context)
    return _WANTED.get(kind, detail["msg"].lower())


def _unknown_key(key: Key, document: ConfigDocument, model: type[BaseModel]) -> Diagnostic:
    section, name = key[:-1], str(key[-1])
    known = _keys(model, section)
    near = nearest(name, known)
    where = f"the section `{'.'.join(map(str, section))}`" if section else "the config"
    span = document.spans_of(key).key
    return Diagnostic(
        "E0921",
        f"{where} has no key `{name}`",
        span,
        help=(f"did you mean `{near}`?",) if near else (f"its keys are {', '.join(known)}",),
        fixes=(Fix(f"write `{near}`", (Edit(span, near),)),) if near else (),
    )


def _keys(model: type[BaseModel], section: Key) -> tuple[str, ...]:
    for name in section:
        inner = next(field.annotation for field in model.model_fields.values() if field.alias == name)
        assert isinstance(inner, type)
        assert issubclass(inner, BaseModel)
        model = inner
    return tuple(str(field.alias) for field in model.model_fields.values())
