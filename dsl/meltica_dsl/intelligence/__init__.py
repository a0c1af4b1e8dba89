"""What an editor wants to know of a file, as far as its syntax alone can tell."""
