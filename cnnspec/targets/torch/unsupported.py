"""What the target `torch` does not do. Light."""

from cnnspec.targets.reasons import Reasons

UNSUPPORTED: Reasons = {}
"""Nothing: every operation is one of PyTorch's or a few of them."""
