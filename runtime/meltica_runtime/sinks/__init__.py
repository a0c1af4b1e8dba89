"""Sinks: where events leave the gateway for a log or for files, without ever holding it up."""
