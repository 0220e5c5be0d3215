"""What the target `c` does not do. Light."""

from cnnspec.ir.augmentation import Augment
from cnnspec.targets.reasons import Reasons

UNSUPPORTED: Reasons = {Augment: "it does not change images while it trains"}
"""Every operation, optimizer and loss has a text, and schedules are given as rates."""
