"""Which known word a mistyped one was meant to be. Knows letters, no language."""

from collections.abc import Iterable
from functools import lru_cache
from itertools import islice

SYNONYMS = {
    "activation": "relu",
    "averagepool": "avgpool",
    "batchnorm": "bn",
    "batchnormalization": "bn",
    "batch_size": "batch",
    "conv2d": "conv",
    "convolution": "conv",
    "depthwise": "dwconv",
    "fc": "dense",
    "fully_connected": "dense",
    "globalavgpool": "gap",
    "globalmaxpool": "gmp",
    "kernel_initializer": "init",
    "layernorm": "ln",
    "groupnorm": "gn",
    "lr": "learning_rate",
    "maxpool": "pool",
    "maxpooling": "pool",
    "maxpooling2d": "pool",
    "max_pool": "pool",
    "separable": "sepconv",
    "swish": "silu",
    "transposed": "tconv",
    "use_bias": "bias",
    "weights": "params",
    "parameters": "params",
    "acc": "accuracy",
    "xent": "categorical_crossentropy",
    "crossentropy": "categorical_crossentropy",
    "cross_entropy": "categorical_crossentropy",
    "nobias": "no_bias",
    "validation_split": "validation",
    "lr_schedule": "schedule",
    "learning_rate_schedule": "schedule",
    "cosinedecay": "cosine",
    "cosine_decay": "cosine",
    "reducelronplateau": "plateau",
    "augmentation": "augment",
    "ema_momentum": "ema",
    "use_ema": "ema",
    "mixed_precision": "precision",
    "float16": "mixed_float16",
    "bfloat16": "mixed_bfloat16",
    "earlystopping": "early_stop",
}
"""Words of other tools and what they are called here."""


MOST_KNOWN = 1_000
"""Words that a mistyped one is compared with: more names than a person remembers."""


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that was most likely meant, or the empty string.

    One edit is allowed for words of up to four letters, two above; a word of two
    letters is near only to one with the same letters in the other order, since
    everything is one edit away from it.
    """
    return _nearest(word, tuple(islice(known, MOST_KNOWN)))


@lru_cache(maxsize=128)
def _nearest(word: str, known: tuple[str, ...]) -> str:
    # Only needed for a text with an error.
    from cnnspec.core.spelling import distance

    folded = word.lower()
    for candidate in (folded, SYNONYMS.get(folded, "")):
        if candidate in known and candidate != word:
            return candidate
    most = 1 if len(folded) <= 4 else 2
    best = ("", most + 1)
    for other in known:
        edits = distance(folded, other, most)
        if len(other) <= 2 and sorted(other) != sorted(folded):
            continue
        if edits < best[1] or (
            edits == best[1] and best[0] and other[:1] == folded[:1] != best[0][:1]
        ):
            best = (other, edits)
    return best[0] if best[1] <= most and best[1] < max(len(folded), 2) else ""
