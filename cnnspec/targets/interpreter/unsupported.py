"""What the interpreter does not do. Light."""

from cnnspec.targets.reasons import Reasons

UNSUPPORTED: Reasons = {}
"""Nothing: it runs every operation, and what only training needs does nothing."""
