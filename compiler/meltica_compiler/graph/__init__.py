"""The compiled graph: one immutable value with a content hash, and what can be asked of it."""
