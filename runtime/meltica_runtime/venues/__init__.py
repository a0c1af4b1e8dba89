"""Where events come from and where orders go: fakes, replays and venues."""
