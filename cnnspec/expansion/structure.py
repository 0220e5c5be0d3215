"""All words that give a network its form, put together from the rooms of this folder."""

from collections.abc import Mapping
from typing import ClassVar

from cnnspec.expansion.blocks import Blocks
from cnnspec.expansion.imports import Uses
from cnnspec.expansion.lets import Lets
from cnnspec.expansion.network import Network
from cnnspec.expansion.repetition import Repetition
from cnnspec.expansion.scopes import Handler
from cnnspec.layers.merging import MERGES
from cnnspec.layers.table import LAYERS


class Structure(Lets, Network, Repetition, Blocks, Uses):
    """The expansion of statements into elements."""

    blocky = frozenset({"repeat", "block", "residual", *MERGES})
    elsewhere: Mapping[str, str] = {"branch": "in a merge: `concat { branch { … }; branch { … } }`"}

    building: ClassVar[dict[str, Handler]] = {
        "let": Lets.let,
        "repeat": Repetition.repeat,
        "block": Blocks.define,
        "use": Uses.use,
        "residual": Network.merge,
        **dict.fromkeys(MERGES, Network.merge),
        **dict.fromkeys(LAYERS, Network.layer),
    }
