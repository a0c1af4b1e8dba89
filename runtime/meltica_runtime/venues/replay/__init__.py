"""Market data from files, as they were recorded."""
