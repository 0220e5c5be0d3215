"""What the target `c` does not do. Light."""

from cnnspec.runtimes.reasons import Reasons

UNSUPPORTED: Reasons = {}
"""Nothing: every operation, optimizer and loss has a text, and schedules are given as rates."""
