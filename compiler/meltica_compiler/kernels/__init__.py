"""Routes as vectorised code: from stages to readable Python source, and from there to a loaded kernel."""
