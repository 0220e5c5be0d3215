"""What the interpreter does not do. Light."""

from cnnspec.runtimes.reasons import Reasons

UNSUPPORTED: Reasons = {}
"""Nothing: it runs every operation; those that only training needs do nothing."""
