"""Syntax tree to IR: words get their meaning, names their values, defaults are filled in."""
