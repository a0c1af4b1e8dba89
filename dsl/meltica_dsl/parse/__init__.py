"""From text to a syntax tree: lexer, parser, recovery after mistakes, imports."""
