"""What can be proved of a graph: memory, loss, latency, failure, where secrets go."""
