"""C in float32 with vectors: the bits of the text without them, and nothing read or written beside.

`test_float.py` compares what the widest vectors of this machine give with the interpreter.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from cnnspec.targets.c.compiler import Compiler, version_of
from cnnspec.targets.device.files import project
from cnnspec.targets.device.host import STANDARD, HostNetwork, native
from cnnspec.targets.device.lanes import lanes_for
from tests.program.networks import checked
from tests.targets.device.support import pixels
from tests.targets.device.test_float import written

PLAIN = ("-march=x86-64", "-U__SSE2__")
"""A processor that is said to have no vectors."""
WIDTHS = {
    4: ("-march=x86-64", "sse2"),
    8: ("-march=x86-64-v3", "avx2"),
    16: ("-march=x86-64-v4", "avx512f"),
}
"""The processor for each number of lanes, and what the one at hand must have."""

TEXTS = {
    "padded": "conv 6x5 same relu; conv 16x3 same; conv 12x3 same stride=2 relu6; conv 5x2 same",
    "narrow": "conv 3x3 same relu; conv 1x3; conv 2x1 tanh; conv 7x3 same leaky_relu",
    "wide": "conv 35x3 stride=2 relu; conv 130x1 relu; conv 20x2 sigmoid",
    "dilated": "conv 16x3 same dilation=2 relu; conv 8x3 dilation=3; conv 8x5 same dilation=2",
    "grouped": "conv 8x3; conv 16x3 same groups=2 relu; conv 12x3 groups=4 relu; "
    "conv 24x3 groups=2",
    "depthwise": "conv 20x1; dwconv 3 same relu6; dwconv 5 same stride=2; dwconv 3 dilation=2; "
    "conv 6x1; dwconv 3 same relu",
    "pooled": "conv 10x3 relu; pool 2 same; conv 4x3 relu; pool 2 ceil; conv 16x2 same; pool 3x2",
    "pooling": "conv 12x3; pool 3 same stride=1; avgpool 3 same stride=2 relu; avgpool 2; pool 2x1",
    "merges": "conv 12x3 same; residual { bn relu; conv 12x3 same no_bias }; "
    "multiply { branch { }; branch { gap; dense 12 sigmoid } }; relu6; "
    "maximum { branch { conv 8x1 }; branch { conv 8x3 same }; branch { conv 8x1 tanh } }; "
    "average { branch { bn leaky_relu }; branch { } }; concat { branch { }; branch { conv 3x1 } }",
    "passes": "conv 16x3 same silu; dwconv 3 same stride=2 silu; bn; conv 24x1 relu; dwconv 3 same",
    "tiny": "conv 16x5 same; pool 2; conv 16x5 same relu; pool 2; conv 32x3 same; pool 2; "
    "conv 64x3 same relu; gmp",
}
ENDS = "dense 5 relu; dense 100; dense 3"


def by_turns(choices):
    """Every network with one of the choices, which all have their turn; with the others if slow."""
    return [
        pytest.param(name, choice, marks=() if at == number % len(choices) else pytest.mark.slow)
        for number, name in enumerate(TEXTS)
        for at, choice in enumerate(choices)
    ]


def has(feature):
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return feature in re.findall(r"\w+", flags)


def compiler_of(name):
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    return Compiler((name,), version_of((name,)))


def network_of(name):
    spec = checked(f"input 15x15x2; classes 3; {TEXTS[name]}; flatten; {ENDS}")
    program, _, network = written(spec, 1)
    assert network.arena == spec.totals.ram()
    # Nothing is added for vectors; batch norm is folded or has half of its numbers.
    assert network.tables == spec.totals.flash() or "bn" in TEXTS[name]
    return network, pixels(program, 3, 1)


def given(network, images, compiler, *flags):
    files = {f"{network.name}.h": network.header, f"{network.name}.c": network.source}
    with HostNetwork(network, files, compiler, ("-Werror", *flags)) as host:
        return host.predict(images).tobytes()


@pytest.mark.skipif(not has("sse2"), reason="the processor is another one")
@pytest.mark.parametrize(("name", "command"), by_turns(("gcc", "clang")))
def test_vectors_of_every_width_give_the_bits_of_none(name, command):
    compiler = compiler_of(command)
    network, images = network_of(name)
    right = given(network, images, compiler, *PLAIN)
    for flag, feature in WIDTHS.values():
        if has(feature):
            assert given(network, images, compiler, flag) == right, feature


@pytest.mark.parametrize(("name", "lanes"), by_turns(tuple(WIDTHS)))
def test_nothing_beside_arena_and_tables_is_touched(name, lanes, tmp_path):
    flag, feature = WIDTHS[lanes]
    if not has(feature):
        pytest.skip(f"the processor has no {feature}")
    compiler = compiler_of("gcc")
    network, images = network_of(name)
    files = {f"{network.name}.h": network.header, f"{network.name}.c": network.source}
    with HostNetwork(network, files, compiler) as host:
        scores = host.predict(images)
    for file, text in project(network, images, scores, 0).items():
        (tmp_path / file).write_text(text)
    checks = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    command = ["gcc", *STANDARD, "-O2", *checks, flag, "main.c", "net.c", "-o", "tests"]
    made = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    done = subprocess.run(["./tests"], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_compiler_that_knows_no_native_flag_builds_the_export(tmp_path):
    compiler_of("gcc")
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    script = tmp_path / "cc"
    script.write_text('#!/bin/sh\ncase "$*" in *native*) exit 1;; esac\nexec gcc "$@"\n')
    script.chmod(0o755)
    compiler = Compiler((str(script),), "odd")
    assert native(compiler) == ()
    network, images = network_of("narrow")
    files = {f"{network.name}.h": network.header, f"{network.name}.c": network.source}
    with HostNetwork(network, files, compiler) as host:
        scores = host.predict(images)
    for file, text in project(network, images, scores, 0).items():
        (tmp_path / file).write_text(text)
    done = subprocess.run(["make", "test", f"CC={script}"], cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert b" 0 scores differ" in done.stdout


def test_filters_fill_vectors_or_are_copied_with_zeros():
    widths = {filters: lanes_for(filters, 25) for filters in (1, 4, 6, 8, 12, 16, 100)}
    assert {filters: (made.width, made.row) for filters, made in widths.items()} == {
        1: (4, 4),
        4: (4, 4),
        6: (8, 8),
        8: (8, 8),
        12: (8, 12),  # two of eight that overlap
        16: (16, 16),
        100: (16, 100),
    }
    # Too many rows to copy, or none that are read again.
    assert lanes_for(6, 10_000).row == lanes_for(6).row == 6
    assert lanes_for(3) is None
