"""The Meltica runtime: a compiled graph in, a running gateway out."""
