"""What the target `onnx` does not do. Light."""

from cnnspec.runtimes.reasons import Reasons

UNSUPPORTED: Reasons = {}
"""Nothing: every operation is one of ONNX's or a few of them."""
