"""What a file means: typed declarations and values."""
