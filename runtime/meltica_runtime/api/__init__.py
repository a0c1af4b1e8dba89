"""The control API: what a running gateway is and does, over HTTP."""
