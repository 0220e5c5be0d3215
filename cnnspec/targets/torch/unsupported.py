"""What the target `torch` does not do. Light."""

from cnnspec.runtimes.reasons import Reasons

UNSUPPORTED: Reasons = {}
"""Nothing: every operation is one of PyTorch's or a few of them."""
