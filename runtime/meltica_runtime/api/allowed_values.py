"""What a parameter may be, in words, from its JSON schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]


def allowed_values(schema: Schema, schemas: Schema) -> str:
    """`schemas` are those that a `$ref` names.

    >>> allowed_values({"type": "integer", "minimum": 1, "maximum": 1000}, {})
    'a whole number from 1 to 1000'
    >>> allowed_values({"$ref": "#/components/schemas/Side"}, {"Side": {"enum": ["buy", "sell"]}})
    'one of buy, sell'
    """
    match schema:
        case {"$ref": reference}:
            return allowed_values(schemas[reference.rpartition("/")[2]], schemas)
        case {"anyOf": [first, *_]}:
            return allowed_values(first, schemas)
        case {"type": "array", "items": items}:
            return allowed_values(items, schemas)
        case {"enum": values}:
            return "one of " + ", ".join(str(value) for value in values)
        case {"type": "integer", "minimum": least, "maximum": most}:
            return f"a whole number from {least} to {most}"
        case {"type": "string", "minLength": least, "maxLength": most}:
            return f"{least} to {most} characters, none of them a control character"
        case _:
            raise AssertionError(f"no words for the schema {schema}")
