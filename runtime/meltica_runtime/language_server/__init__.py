"""The language server: what an editor asks over stdio, answered by the language and the compiler."""
