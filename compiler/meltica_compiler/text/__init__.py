"""The graph's values in words: settings as the language spells them, amounts, tables."""
