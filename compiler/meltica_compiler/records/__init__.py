"""How events lie in memory: record layouts, and a strategy's inbox with the JavaScript that reads it."""
