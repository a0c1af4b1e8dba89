"""Changes to what runs: compiled apart, then applied."""
