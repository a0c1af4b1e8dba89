"""Trading on paper: a venue that fills orders against market data, deterministically."""
