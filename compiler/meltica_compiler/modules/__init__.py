"""Strategy modules: found, registered, asked for their metadata, without running them as strategies."""
