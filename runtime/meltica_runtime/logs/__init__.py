"""Lines of the log: their form, their limits, where they go."""
