"""Pipelines on virtual time: the gateway's own rings, kernels, isolates and order path, without clocks."""
