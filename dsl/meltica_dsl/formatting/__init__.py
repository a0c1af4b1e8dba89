"""The canonical form of a pipeline file."""
