"""What a gateway tells the outside: metrics and log lines."""
