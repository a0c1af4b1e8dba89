"""Orders: their states, the limits they pass, and their way to a venue."""
