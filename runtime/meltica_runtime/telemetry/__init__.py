"""Metrics: what they are, for Prometheus to read and sent to a collector."""
