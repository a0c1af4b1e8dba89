"""Binance spot: what its streams send, as records and books. No adapter opens it yet: it has no connection.

Facts about frames and books are from Binance's documentation of the spot API, "WebSocket Streams" and "How to
manage a local order book correctly" (github.com/binance/binance-spot-api-docs, web-socket-streams.md).
"""
