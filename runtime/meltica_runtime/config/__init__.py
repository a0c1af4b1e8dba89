"""The config of a gateway, and the project that it belongs to."""
