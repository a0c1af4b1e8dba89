"""The Meltica language: text in, typed model and diagnostics out."""
