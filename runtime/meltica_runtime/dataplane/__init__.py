"""Market data on its way: ingress rings, routes over them, edges to those who read."""
