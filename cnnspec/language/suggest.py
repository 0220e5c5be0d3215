"""Which known word a mistyped one was meant to be. Knows letters, no language."""

from collections.abc import Iterable
from functools import lru_cache
from itertools import islice

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
    from cnnspec.diagnostics.dialects import named, replacement, respelled

    folded = word.lower()
    for look in (named, respelled, replacement):
        if (found := look(word, known)) is not None:
            return found
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
