"""Strategies: JavaScript modules in V8, each in an isolate of its own."""
