"""The Meltica compiler: typed model in, one checked, immutable graph out."""
