"""What the target `onnx` does not do. Light."""

from cnnspec.targets.reasons import Reasons

UNSUPPORTED: Reasons = {}
"""Nothing: every operation is one of ONNX's or a few of them."""
