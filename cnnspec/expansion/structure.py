"""All words that give a network its form, put together from the rooms of this folder."""

from collections.abc import Mapping

from cnnspec.expansion.blocks import Blocks
from cnnspec.expansion.frames import Handler
from cnnspec.expansion.lets import Lets
from cnnspec.expansion.network import Network
from cnnspec.expansion.repetition import Repetition
from cnnspec.expansion.uses import Uses
from cnnspec.layers.merging import MERGES
from cnnspec.layers.table import LAYERS


class Structure(Lets, Network, Repetition, Blocks, Uses):
    """The expansion of statements into elements."""

    blocky = frozenset({"repeat", "block", "residual", *MERGES})
    elsewhere: Mapping[str, str] = {"branch": "in a merge: `concat { branch { … }; branch { … } }`"}

    def __init__(self) -> None:
        super().__init__()
        self.building: dict[str, Handler] = {
            "let": self.let,
            "repeat": self.repeat,
            "block": self.define,
            "use": self.use,
            "residual": self.merge,
            **dict.fromkeys(MERGES, self.merge),
            **dict.fromkeys(LAYERS, self.layer),
        }
