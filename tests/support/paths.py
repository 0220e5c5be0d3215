"""Where things are: the checkout, its specs, the published datasets."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
SPECS = sorted((ROOT / "specs").glob("*.cnn"))


def full_data() -> Path | None:
    """Where the published datasets are, if anywhere."""
    for folder in (os.environ.get("CNNSPEC_DATA", ""), ROOT.parent / "shared" / "data"):
        if folder and all((Path(folder) / name).is_dir() for name in ("mnist", "fashion_mnist")):
            return Path(folder).resolve()
    return None
