"""What one image takes on one thread: our C beside ONNX Runtime and LiteRT with XNNPACK.

Each side is a process of its own that stays, on the same processor as the others, and is asked in
turn for the time of some images: processor time, which on one thread is wall time less what other
programs take. Weights are random: no training changes what is computed. Our C is compiled by gcc
and by clang with the flags of an export's Makefile; ONNX Runtime has its input and output bound,
and LiteRT's input is set once.

`python -m tests.benchmarks.image onnx|litert FILE` is one of the others.
"""

import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from cnnspec.analysis.check import CheckedSpec, check
from cnnspec.core.source import Source
from cnnspec.program.build import build_program
from cnnspec.program.inference import inference_program, unfused_program
from cnnspec.targets.device.files import project
from cnnspec.targets.device.network import write_network
from tests.benchmarks.measuring import Row, say
from tests.support.paths import ROOT

SPECS = (
    *("lenet5", "budget", "grid_2", "four_2", "mobile_se"),
    *("preact_resnet", "inception", "dense_net", "quickstart", "mlp_64"),
)
ASKED = {"lenet5": 0.5, "budget": 0.5}
MEAN = 0.9
PADDED = {
    "3x3": "conv 16x3{0} relu; conv 32x3{0} relu; conv 32x3{0} relu; conv 12x3{0} relu; gap",
    "5x5": "conv 6x5{0} relu; conv 16x5{0} relu; conv 24x5{0} relu; gap",
}
"""Networks of which one is padded and the other is not: a MAC of both is compared."""
COMPILERS = ("gcc", "clang")
ROUNDS = 101
SLICE = 0.002
"""Seconds that a side is asked for at once: less than it has before another program's turn."""
WARM = 3
"""Images before these, because another side was in the caches."""


def rows() -> list[Row]:
    """A row for each spec, and for each pair of a padded and a valid network."""
    with tempfile.TemporaryDirectory() as folder:
        found = [beside_others(name, Path(folder)) for name in SPECS]
        for compiler in COMPILERS:
            ratios = [row[f"{compiler}_ratio"] for row in found if f"{compiler}_ratio" in row]
            if ratios:
                mean = math.prod(ratios) ** (1 / len(ratios))
                say(f"{compiler}: geometric mean {mean:.3f}, asked for {MEAN}")
                found.append({"measured": f"mean ratio of an image, {compiler}", "ratio": mean})
        return [*found, *(padding(kind, Path(folder)) for kind in PADDED)]


def beside_others(name: str, folder: Path) -> Row:
    """One spec: the microseconds of each side, and our share of the faster one of the others."""
    spec = check(Source(name, (ROOT / "specs" / f"{name}.cnn").read_text("utf-8")))
    commands = ours(spec, name, folder) | others(spec, name, folder)
    times = in_turn(commands)
    row: Row = {"measured": f"one image of {name}"}
    for side, taken in times.items():
        row[f"{side}_us"], row[f"{side}_least_us"] = statistics.median(taken), min(taken)
    rivals = [side for side in times if side not in COMPILERS]
    for side in COMPILERS if rivals else ():
        if side in times:
            pairs = zip(times[side], *(times[rival] for rival in rivals), strict=True)
            row[f"{side}_ratio"] = statistics.median(mine / min(more) for mine, *more in pairs)
    said = "  ".join(f"{side} {row[f'{side}_us']:.2f}" for side in times)
    ratios = ", ".join(
        f"{row[f'{side}_ratio']:.3f}" for side in COMPILERS if f"{side}_ratio" in row
    )
    asked = f", asked for {ASKED[name]}" if name in ASKED else ""
    say(f"one image of {name:<14} {said} us  ratio {ratios}{asked}")
    return row


def padding(kind: str, folder: Path) -> Row:
    """How much longer a MAC takes in a padded network than in one that is not."""
    row: Row = {"measured": f"a MAC padded beside valid, {kind}"}
    each: dict[str, list[list[float]]] = {}
    commands, macs = {}, {}
    for word in ("same", "valid"):
        text = PADDED[kind].format(" same" if word == "same" else "")
        spec = check(Source(word, f"input 28x28x1; classes 10; {text}; dense 10"))
        assert spec.totals
        macs[word] = spec.totals.macs
        made = ours(spec, f"{word}_{kind}", folder)
        commands |= {f"{compiler} {word}": command for compiler, command in made.items()}
    for side, taken in in_turn(commands).items():
        compiler, word = side.split()
        each.setdefault(compiler, []).append([one / macs[word] for one in taken])
    for compiler, (same, valid) in each.items():
        ratio = statistics.median(a / b for a, b in zip(same, valid, strict=True))
        row[f"{compiler}_ratio"] = ratio
        say(f"{row['measured']}, {compiler:<24} {ratio:.3f}, asked for at most 1.3")
    return row


def in_turn(commands: dict[str, list[str]]) -> dict[str, list[float]]:
    """The microseconds of an image by each program in each round."""
    with ExitStack() as stack:
        sides = {side: stack.enter_context(_Asked(command)) for side, command in commands.items()}
        counts = {side: max(1, int(SLICE / 1e-6 / asked(20))) for side, asked in sides.items()}
        taken: dict[str, list[float]] = {side: [] for side in sides}
        for _ in range(ROUNDS):
            for side, asked in sides.items():
                taken[side].append(asked(counts[side]))
    return taken


class _Asked:
    """A program that is asked for the microseconds of some images."""

    def __init__(self, command: list[str]) -> None:
        alone = {"CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | alone,
        )
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(self._process.pid, {max(os.sched_getaffinity(0))})

    def __enter__(self) -> "_Asked":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()  # type: ignore[union-attr]
        self._process.wait()

    def __call__(self, count: int) -> float:
        print(count, file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()  # type: ignore[union-attr]
        if not line:
            raise SystemExit(f"{' '.join(map(str, self._process.args))} said nothing")
        return float(line)


def ours(spec: CheckedSpec, name: str, folder: Path) -> dict[str, list[str]]:
    """Our C in a program for each compiler, made by the Makefile of an export."""
    from tests.program.networks import weights

    program = inference_program(spec.graph)
    written = write_network(program, weights(build_program(spec.graph), 1), name, "a benchmark")
    image = np.zeros((1, written.inputs), np.uint8)
    files = project(written, image, np.zeros((1, written.classes), np.float32), 1)
    found = {}
    for compiler in COMPILERS:
        if shutil.which(compiler) is None:
            say(f"{compiler} is not measured: it is not installed")
            continue
        place = folder / f"{name}-{compiler}"
        place.mkdir()
        for file, text in files.items():
            (place / file).write_text(text)
        subprocess.run(["make", "-s", f"{name}.o", f"CC={compiler}"], cwd=place, check=True)
        names = [f'-DHEADER="{name}.h"', f"-DRUN={name}_run", f"-DARENA={name}_arena"]
        source = Path(__file__).with_suffix(".c")
        command = [compiler, "-std=gnu99", "-O2", *names, "-I.", str(source), f"{name}.o"]
        subprocess.run([*command, "-o", "timed"], cwd=place, check=True)
        found[compiler] = [str(place / "timed")]
    return found


def others(spec: CheckedSpec, name: str, folder: Path) -> dict[str, list[str]]:
    """The programs of the other runtimes that are installed, by their names."""
    from tests.program.networks import weights

    given = weights(build_program(spec.graph), 1)
    shapes = spec.graph.weights()
    given = {key: given[key].reshape(shape).astype(np.float32) for key, shape in shapes.items()}
    found = {}
    if find_spec("onnxruntime"):
        from cnnspec.targets.onnx.model import Form, onnx_model

        model = onnx_model(unfused_program(spec.graph), given, name, Form(batch=1))
        found["onnx"] = model.SerializeToString()
    if find_spec("ai_edge_litert"):
        from cnnspec.targets.keras.backend import start

        start("tensorflow")
        from cnnspec.targets.keras.source import plain_model
        from cnnspec.targets.litert.convert import converted

        found["litert"] = converted(plain_model(spec, given, batch=1), None)
    commands = {}
    for side, data in found.items():
        path = folder / f"{name}.{side}"
        path.write_bytes(data)
        commands[side] = [sys.executable, "-m", "tests.benchmarks.image", side, str(path)]
    return commands


def _onnx(path: str) -> Callable[[], Any]:
    """One image by ONNX Runtime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    given, made = session.get_inputs()[0], session.get_outputs()[0]
    binding = session.io_binding()
    image = np.random.default_rng(0).random(given.shape, np.float32)
    binding.bind_ortvalue_input(given.name, onnxruntime.OrtValue.ortvalue_from_numpy(image))
    binding.bind_output(made.name, "cpu")
    return lambda: session.run_with_iobinding(binding)


def _litert(path: str) -> Callable[[], Any]:
    """One image by LiteRT, which takes XNNPACK by itself."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(path, num_threads=1)
    interpreter.allocate_tensors()
    given = interpreter.get_input_details()[0]
    image = np.random.default_rng(0).random(given["shape"], np.float32)
    interpreter.set_tensor(given["index"], image)
    return interpreter.invoke


def main(side: str, path: str) -> None:
    """Answers each number of images with the microseconds of one."""
    run = {"onnx": _onnx, "litert": _litert}[side](path)
    for line in sys.stdin:
        count = int(line)
        for _ in range(WARM):
            run()
        before = time.process_time()
        for _ in range(count):
            run()
        sys.stdout.write(f"{1e6 * (time.process_time() - before) / count:.4f}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
