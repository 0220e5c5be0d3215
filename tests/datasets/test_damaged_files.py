"""Damaged files of every kind: refused with their path or read, never a traceback."""

from random import Random

import pytest

from cnnspec.datasets import user_data
from cnnspec.datasets.normalize import normal
from cnnspec.diagnostics.errors import CnnspecError
from tests.support.data_files import WRITERS, write_idx, write_pictures

CASES = 120
KINDS = {
    **WRITERS,
    "idx-plain": lambda folder: write_idx(folder / "idx", pack=False),
    **{
        suffix: lambda folder, suffix=suffix: write_pictures(folder / "pictures", suffix)
        for suffix in ("jpg", "gif", "bmp", "webp")
    },
}


def damaged(data: bytes, random: Random) -> bytes:
    """The data flipped, cut, lengthened or blanked somewhere."""
    changed = bytearray(data)
    match random.randrange(4):
        case 0:
            for _ in range(random.choice((1, 1, 3, 10))):
                changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
        case 1:
            del changed[random.randrange(len(changed)) :]
        case 2:
            changed += random.randbytes(random.randrange(1, 50))
        case _:
            at = random.randrange(len(changed))
            changed[at : at + 20] = bytes(len(changed[at : at + 20]))
    return bytes(changed)


@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_named_or_harmless(kind, tmp_path):
    root = KINDS[kind](tmp_path)
    files = [root] if root.is_file() else sorted(p for p in root.rglob("*") if p.is_file())
    random = Random(kind)
    refused: list[CnnspecError] = []
    for _ in range(CASES):
        path = random.choice(files)
        whole = path.read_bytes()
        path.write_bytes(damaged(whole, random))
        try:
            normal(user_data.read(root))
        except CnnspecError as problems:
            refused.append(problems)
        finally:
            path.write_bytes(whole)
    assert len(refused) > CASES / 5
    assert {problems.exit_code for problems in refused} == {3}
    assert all(str(tmp_path) in str(problems) for problems in refused)
    assert normal(user_data.read(root)).classes == 3
