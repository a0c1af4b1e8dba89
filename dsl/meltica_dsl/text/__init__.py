"""Text with places in it: source files and spans, strings, nearest names, what a terminal can show."""
