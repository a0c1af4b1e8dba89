"""What becomes of each node when one graph takes the place of another."""
