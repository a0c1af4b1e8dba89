"""From a strategy's order to its end: limits, engine, group commit, venue queue, reconciler."""
