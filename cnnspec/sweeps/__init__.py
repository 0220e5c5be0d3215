"""Sweeps: their points, plans, drivers and results."""

MAX_RUNS = 1_000
"""The maximum number of points, unless a user asks for more."""
