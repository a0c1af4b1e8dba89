"""A market made of numbers from a seed: the same seed makes the same events, byte for byte."""
