"""What each kind of provider and of sink takes as settings, and what it can do."""
