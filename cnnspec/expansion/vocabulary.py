"""Every word that starts a statement, put together from the tables of this folder."""

from cnnspec.expansion import (
    blocks,
    imports,
    layers,
    lets,
    repetition,
    search,
    settings,
    training,
)
from cnnspec.expansion.state import Keywords, Vocabulary
from cnnspec.layers.merging import MERGES
from cnnspec.layers.table import LAYERS

_INSIDE: Keywords = {
    **lets.KEYWORDS,
    **repetition.KEYWORDS,
    **blocks.KEYWORDS,
    **imports.KEYWORDS,
    **layers.KEYWORDS,
}

VOCABULARY = Vocabulary(
    outside={**settings.KEYWORDS, **training.KEYWORDS, **search.KEYWORDS, **_INSIDE},
    inside=_INSIDE,
    elsewhere={
        "branch": "in a merge: `concat { branch { … }; branch { … } }`",
        **training.ELSEWHERE,
        "deny": "in a rules file, for `cnnspec check --rules RULES FILES`",
    },
    defined=blocks.DEFINED,
)


def words() -> dict[str, str]:
    """What every word that is neither a layer nor a setting does, by the word."""
    return {
        word: (keyword.expand.__doc__ or "").strip()
        for word, keyword in VOCABULARY.outside.items()
        if not (word in LAYERS or word in MERGES or keyword.expand is settings.setting)
    }
