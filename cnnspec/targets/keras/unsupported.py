"""What Keras does not do. Light."""

from cnnspec.runtimes.reasons import Reasons

UNSUPPORTED: Reasons = {}
"""Nothing: every word is a class or an argument of Keras, or a class of `own_layers`."""
