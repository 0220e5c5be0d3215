"""The same bits whatever the number of threads, the compiler and its level."""

import hashlib

import numpy as np
import pytest

from cnnspec.targets.c.compiler import Compiler, find_compiler
from cnnspec.targets.c.initial import initial_weights
from cnnspec.targets.c.kernels import pooled, tiles
from cnnspec.targets.c.native import Executable, NativeNetwork
from tests.targets.c.support import checked, compilers, needs_compiler

pytestmark = needs_compiler

HEAD = 'model x\ndata "x"\ninput 13x12x2\nclasses 5\n'
MIXED = f"""{HEAD}
conv 20x3 same relu
pool 2
dropout 0.3
conv 9x3 gelu
bn
residual {{ dwconv 3 same; ln; silu }}
sdropout 0.25
pool 2 same
noise 0.1
gn 3
mish
flatten
dense 40 softplus l2=1e-3
dropout 0.5
dense 5 softmax
train {{
  batch 100; optimizer adam(2e-3, global_clipnorm=1)
  augment flip=both crop=1 shift=0.1 rotate=10 shear=0.1 zoom=0.1 erase=0.5 noise=0.1 fill=reflect
}}
"""
PLAIN = f"""{HEAD}
conv 33x3 relu
conv 40x3 relu
pool 2
dropout 0.25
dense 40 relu
dense 5 softmax
train {{ batch 100; optimizer lamb(2e-3) }}
"""
BOTH = pytest.mark.parametrize("text", [MIXED, PLAIN], ids=["batch norm", "plain"])


def images(count: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, 13, 12, 2)).astype(np.uint8)


def trained(text: str, threads: int, compiler: Compiler | None = None, *flags: str) -> str:
    """The hash of all weights and losses after a few steps, the last of fewer images."""
    spec = checked(text)
    network = NativeNetwork(
        spec, initial_weights(spec), threads=threads, executable=Executable(spec, compiler, flags)
    )
    random = np.random.default_rng(1)
    labels = random.integers(0, 5, 333).astype(np.int32)
    done = network.train(images(333), labels, random.permutation(333), np.full(4, 2e-3))
    assert np.isfinite(done.losses).all()
    parts = [done.losses, done.answers, *network.weights.values(), network.predict(images(50))]
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()


@BOTH
def test_threads_change_no_bit(text: str) -> None:
    assert len({trained(text, threads) for threads in (1, 2, 4)}) == 1


# Each network at one level, and each level for one network; the others are in the slow set.
@pytest.mark.parametrize(
    ("text", "level"),
    [
        pytest.param(MIXED, "-O2", id="batch norm, -O2"),
        pytest.param(PLAIN, "-O3", id="plain, -O3"),
        pytest.param(PLAIN, "-O1", id="plain, -O1"),
        pytest.param(MIXED, "-O3", id="batch norm, -O3", marks=pytest.mark.slow),
        pytest.param(PLAIN, "-O2", id="plain, -O2", marks=pytest.mark.slow),
        pytest.param(MIXED, "-O1", id="batch norm, -O1", marks=pytest.mark.slow),
    ],
)
def test_levels_of_optimization_change_no_bit(text: str, level: str) -> None:
    assert trained(text, 2, None, level) == trained(text, 2, None, "-O0")


@BOTH
def test_short_vectors_change_no_bit(text: str) -> None:
    if "-march=native" not in find_compiler().native:
        pytest.skip("vectors of this processor have one length")
    assert trained(text, 1, None, "-mno-avx512f", "-mavx2", "-mfma") == trained(text, 1)


@BOTH
def test_the_sizes_of_tiles_change_no_bit(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = set()
    for most in (12, 24):
        for module in (tiles, pooled):
            monkeypatch.setattr(module, "most_sums", lambda most=most: most)
        found.add(trained(text, 1))
    assert len(found) == 1


@BOTH
def test_compilers_change_no_bit(text: str) -> None:
    others = [each for each in compilers() if each.version != find_compiler().version]
    if not others:
        pytest.skip("one compiler is installed")
    assert {trained(text, 2, each) for each in others} == {trained(text, 2)}


def same(one: NativeNetwork, two: NativeNetwork) -> bool:
    return all(
        (a == b).all() for a, b in zip(one.state().values(), two.state().values(), strict=True)
    )


def test_going_on_from_a_state_is_going_on() -> None:
    spec = checked(MIXED)
    labels = np.random.default_rng(1).integers(0, 5, 300).astype(np.int32)
    whole, first, second = (
        NativeNetwork(spec, initial_weights(spec), threads=n) for n in (2, 1, 2)
    )
    for network in (whole, whole, first):
        network.train(images(300), labels, np.arange(300), np.full(3, 2e-3))
    second.load(first.state())
    assert not same(whole, second)
    second.train(images(300), labels, np.arange(300), np.full(3, 2e-3))
    assert same(whole, second)


def test_steps_in_two_calls_are_those_of_one() -> None:
    spec = checked(PLAIN)
    labels = np.zeros(300, np.int32)
    one, two = (NativeNetwork(spec, initial_weights(spec)) for _ in range(2))
    one.train(images(300), labels, np.arange(300), np.full(3, 1e-3))
    two.train(images(300), labels, np.arange(100), np.full(1, 1e-3))
    two.train(images(300), labels, np.arange(100, 300), np.full(2, 1e-3))
    assert same(one, two)
