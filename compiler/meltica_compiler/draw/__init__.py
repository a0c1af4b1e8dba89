"""Drawings of a compiled graph: text tree, DOT, SVG, PNG, Mermaid and one self-contained HTML page."""
