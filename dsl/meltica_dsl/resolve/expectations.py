"""What a test expects: `expect NODE VERB …`, read word by word: a wrong word is told by its name."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from meltica_dsl import syntax
from meltica_dsl.diagnostics.diagnostic import Diagnostic, Edit, Fix
from meltica_dsl.model.disabled import Disabled
from meltica_dsl.model.fields import EVENT_BY_NAME, SIDES, EventType, Field, FieldType
from meltica_dsl.model.scenario import (
    SOME,
    VERBS,
    Count,
    Expectation,
    ExpectedValue,
    Match,
    Subject,
    Verb,
    matched_fields,
)
from meltica_dsl.model.values import Duration, Setting, Word
from meltica_dsl.resolve.constants import Constants
from meltica_dsl.resolve.literal_values import literal_value, string_value
from meltica_dsl.resolve.references import find_disabled, one
from meltica_dsl.resolve.scope import FILE_SCOPE, DeclKind
from meltica_dsl.resolve.setting_errors import given_twice
from meltica_dsl.resolve.suggestions import did_you_mean, misspelling_fixes
from meltica_dsl.resolve.typed import TypedValues

_DECL_KINDS: Mapping[Subject, DeclKind] = MappingProxyType(
    {
        # Where a name means several things, the first that can do what the verb says is meant.
        Subject.STRATEGY: DeclKind.STRATEGY,
        Subject.SINK: DeclKind.SINK,
        Subject.ROUTE: DeclKind.ROUTE,
        Subject.PROVIDER: DeclKind.PROVIDER,
    }
)
_MAX_COUNT = 10**9
_ORDERED = frozenset({"<", "<=", ">", ">="})
_WITHOUT_ORDER = frozenset(
    {FieldType.SYMBOL, FieldType.PROVIDER, FieldType.SIDE, FieldType.TEXT, FieldType.BOOL}
)


class DisabledNode(NamedTuple):
    """A node that a test speaks of, and why it is not there."""

    node: str
    disabled: Disabled


class ExpectationResolver:
    """Reads expectations; each is None where an error was reported. What they speak of and is switched off
    goes to `disabled_nodes`."""

    def __init__(self, constants: Constants, typed: TypedValues, disabled_nodes: list[DisabledNode]) -> None:
        self._constants = constants
        self._diagnostics = constants.diagnostics
        self._typed = typed
        self._disabled_nodes = disabled_nodes

    def read(self, step: syntax.ExpectStep) -> Expectation | None:
        before = len(self._diagnostics)
        name = self._constants.node_name(step.node, FILE_SCOPE)
        subjects = [] if name is None else self._subjects(name)
        subject, verb = self._subject(step, subjects) if subjects else (None, None)
        if name is None or subject is None or verb is None:
            return None
        disabled = find_disabled(name, self._constants, _DECL_KINDS[subject])
        if disabled is not None:
            self._disabled_nodes.append(DisabledNode(name.text, disabled))
        words = _Words(step)
        count = self._count(words)
        what = words.here if verb.is_of_events and isinstance(words.here, syntax.Name) else step.verb
        event = self._event(words, verb) if verb.is_of_events else None
        text = self._text(words, verb)
        matches = self._matches(words, verb, event)
        until = self._until(words)
        self._finish(words, step, verb)
        if len(self._diagnostics) > before:
            return None
        return Expectation(
            name.text,
            subject,
            verb,
            count or SOME,
            event,
            matches,
            text,
            until,
            None,
            (what if event else step.verb).span,
            step.span,
        )

    def _subjects(self, name: syntax.Name) -> list[Subject]:
        """What the name may mean; none if it means nothing, which is reported."""
        families = self._constants.names.families
        subjects = [
            subject
            for subject, decl_kind in _DECL_KINDS.items()
            if any(name.text in family.enabled for family in families[decl_kind].values())
            or find_disabled(name, self._constants, decl_kind)
        ]
        if not subjects:
            one(name, self._constants, *_DECL_KINDS.values())
        return subjects

    def _subject(
        self, step: syntax.ExpectStep, subjects: list[Subject]
    ) -> tuple[Subject | None, Verb | None]:
        known = {verb.value: verb for verb in Verb}
        verb = known.get(step.verb.text)
        able = [subject for subject in subjects if verb in VERBS[subject]]
        if able:
            return able[0], verb
        possible = [verb.value for subject in subjects for verb in VERBS[subject]]
        listed = ", ".join(f"`{word}`" for word in possible)
        name = step.verb
        if verb is None:
            message = f"`{name.text}` is nothing that a node does"
        else:
            message = f"a {subjects[0].value} never {name.text}"
        self._diagnostics.add(
            Diagnostic(
                "E1001",
                message,
                name.span,
                "cannot be expected",
                help=did_you_mean(name.text, possible) or (f"a {subjects[0].value} can have {listed}",),
                fixes=misspelling_fixes(name.text, name.span, possible),
            )
        )
        return None, None

    def _count(self, words: _Words) -> Count | None:
        phrase = words.here
        if isinstance(phrase, syntax.Name) and phrase.text in ("no", "nothing"):
            words.next()
            return Count(0, 0, "nothing")
        if isinstance(phrase, syntax.Literal):
            words.next()
            number = self._number(phrase)
            return None if number is None else Count(number, number, str(number))
        if isinstance(phrase, syntax.Bound):
            words.next()
            number = self._number(phrase.number)
            if phrase.word.text not in ("least", "most"):
                self._diagnostics.add(_no_bound(phrase.word))
            elif number is not None:
                is_least = phrase.word.text == "least"
                text = f"at {phrase.word.text} {number}"
                return Count(number, None, text) if is_least else Count(0, number, text)
        return None

    def _number(self, literal: syntax.Literal) -> int | None:
        value = literal_value(literal, self._diagnostics)
        return (
            None
            if value is None
            else self._typed.whole("expect", Setting(value, literal.span), 0, _MAX_COUNT)
        )

    def _event(self, words: _Words, verb: Verb) -> EventType | None:
        phrase = words.here
        if not isinstance(phrase, syntax.Name) or phrase.text == "by":
            return None
        words.next()
        known = {name: event for name, event in EVENT_BY_NAME.items() if event.hot or verb is Verb.RECEIVES}
        event = known.get(phrase.text)
        if event is None:
            listed = ", ".join(f"`{name}`" for name in known)
            self._diagnostics.add(
                Diagnostic(
                    "E0203",
                    f"there are no `{phrase.text}` events",
                    phrase.span,
                    "not an event",
                    help=did_you_mean(phrase.text, list(known)) or (f"events are {listed}",),
                    fixes=misspelling_fixes(phrase.text, phrase.span, list(known)),
                )
            )
        return event

    def _text(self, words: _Words, verb: Verb) -> str | None:
        phrase = words.here
        if not verb.is_of_texts or not isinstance(phrase, syntax.StringLiteral):
            return None
        words.next()
        return string_value(phrase, self._diagnostics)

    def _matches(self, words: _Words, verb: Verb, event: EventType | None) -> tuple[Match, ...]:
        phrase = words.here
        if not isinstance(phrase, syntax.Matches) or verb.is_of_texts:
            return ()
        words.next()
        fields = {field.name: field for field in matched_fields(verb, event)}
        seen: dict[tuple[str, str], syntax.Name] = {}
        matches = []
        for match in phrase.fields:
            field = fields.get(match.key.text)
            if field is None:
                self._diagnostics.add(_unknown_field(match.key, list(fields), verb, event))
                continue
            key = (match.key.text, match.operator.text if match.operator else "=")
            if key in seen:
                self._diagnostics.add(given_twice(match.key, seen[key].span))
            seen[key] = match.key
            typed = self._match(field, match)
            if typed is not None:
                matches.append(typed)
        return tuple(matches)

    def _until(self, words: _Words) -> Duration | None:
        phrase = words.here
        if not isinstance(phrase, syntax.Name) or phrase.text != "by":
            return None
        words.next()
        when = words.here
        setting = None
        if isinstance(when, syntax.Literal):
            words.next()
            setting = self._constants.evaluate(when, FILE_SCOPE)
        elif isinstance(when, syntax.Name):
            words.next()
            setting = self._constants.evaluate(syntax.Reference(when.text, when.span), FILE_SCOPE)
        else:
            message = "`by` is followed by a time"
            self._diagnostics.add(Diagnostic("E1004", message, phrase.span, help=("write `by 500ms`",)))
        return None if setting is None else self._typed.duration("by", setting, "ms", Duration(0))

    def _finish(self, words: _Words, step: syntax.ExpectStep, verb: Verb) -> None:
        if words.here is not None:
            self._diagnostics.add(_unexpected(words.here, verb))
        elif not words.any_read:
            self._diagnostics.add(_unexpected(step.verb, verb))

    def _match(self, field: Field, match: syntax.Match) -> Match | None:
        operator = "=" if match.operator is None else match.operator.text
        if match.operator is not None and operator == "==":
            self._diagnostics.add(_double_equals(match.operator))
            return None
        if match.operator is not None and operator in _ORDERED and field.type in _WITHOUT_ORDER:
            message = f"`{field.name}` has no order: it is equal or not"
            help_text = f"write `{field.name} = …`"
            self._diagnostics.add(Diagnostic("E0205", message, match.operator.span, help=(help_text,)))
            return None
        setting = self._constants.evaluate(match.value, FILE_SCOPE)
        value = None if setting is None else self._wanted(field, setting)
        return None if value is None else Match(field, operator, value, match.span)

    def _wanted(self, field: Field, setting: Setting) -> ExpectedValue | None:  # noqa: PLR0911 - one for each type
        key, typed = field.name, self._typed
        match field.type:
            case FieldType.SYMBOL:
                symbol = typed.symbol(key, setting)
                return None if symbol is None else str(symbol)
            case FieldType.SIDE:
                return typed.one_of(key, setting, SIDES)
            case FieldType.PROVIDER:
                return self._provider(key, setting)
            case FieldType.BOOL:
                return typed.boolean(key, setting)
            case FieldType.TIME:
                time = typed.duration(key, setting, "ms", Duration(0))
                return None if time is None else Decimal(time.ns) / 1000
            case FieldType.TEXT:
                if isinstance(setting.value, str):
                    return setting.value
                if isinstance(setting.value, Word):
                    return setting.value.text
                return typed.word(key, setting)
            case _:
                return typed.number(key, setting)

    def _provider(self, key: str, setting: Setting) -> str | None:
        """A provider that is there, or one that is switched off, which is noted."""
        if isinstance(setting.value, Word):
            name = syntax.Name(setting.value.text, setting.span)
            disabled = find_disabled(name, self._constants, DeclKind.PROVIDER)
            if disabled is not None:
                self._disabled_nodes.append(DisabledNode(name.text, disabled))
                return name.text
        return self._typed.one_of(key, setting, tuple(self._constants.names.instances(DeclKind.PROVIDER)))


class _Words:
    """The phrases of a step, one after the other."""

    def __init__(self, step: syntax.ExpectStep) -> None:
        self._phrases = step.phrases
        self._position = 0

    @property
    def here(self) -> syntax.Phrase | None:
        return self._phrases[self._position] if self._position < len(self._phrases) else None

    @property
    def any_read(self) -> bool:
        return self._position > 0

    def next(self) -> None:
        self._position += 1


def _form(verb: Verb) -> str:
    count = "nothing | no | N | at least N | at most N"
    if verb.is_of_texts:
        return f'expect NODE {verb.value} [{count}] "text" [by TIME]'
    event = " [EVENT]" if verb.is_of_events else ""
    return f"expect NODE {verb.value} [{count}]{event} [{{ FIELD = VALUE }}] [by TIME]"


def _unexpected(phrase: syntax.Phrase, verb: Verb) -> Diagnostic:
    return Diagnostic(
        "E1004",
        f"an expectation of what a node {verb.value} does not go on like this",
        phrase.span,
        "not understood",
        help=(f"the form is `{_form(verb)}`",),
    )


def _no_bound(word: syntax.Name) -> Diagnostic:
    known = ["least", "most"]
    return Diagnostic(
        "E1004",
        f"`at {word.text}` is no count",
        word.span,
        help=did_you_mean(word.text, known) or ("write `at least 2` or `at most 2`",),
        fixes=misspelling_fixes(word.text, word.span, known),
    )


def _double_equals(operator: syntax.Name) -> Diagnostic:
    return Diagnostic(
        "E1004",
        "what is expected of a field is written with one `=`",
        operator.span,
        help=("write `=`",),
        fixes=(Fix("write `=`", (Edit(operator.span, "="),)),),
    )


def _unknown_field(name: syntax.Name, known: list[str], verb: Verb, event: EventType | None) -> Diagnostic:
    if event is not None:
        owner = f"{event.name} events have"
    elif verb.is_of_events:
        owner = "events of no particular type have"
    else:
        owner = f"{verb.value} have"
    return Diagnostic(
        "E0204",
        f"{owner} no field `{name.text}`",
        name.span,
        "not a field",
        help=did_you_mean(name.text, known) or (f"the fields are {', '.join(f'`{f}`' for f in known)}",),
        fixes=misspelling_fixes(name.text, name.span, known),
    )
