"""A running gateway: the graph's nodes, wired, started in reverse flow order, and stopped in flow order."""
