"""Measurements against what a user would do instead. Not tests: `make bench` runs them."""
