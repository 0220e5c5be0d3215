"""Run folders with damage in them: any file, any JSON type in any place, cut, empty, foreign.

`python -m tests.support.damaged_runs 2000 [SEED]` makes so many and gives each to every
command that reads runs. It prints what ended with 70, and takes five seconds for ten.
"""

import contextlib
import hashlib
import io
import json
import random
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

from cnnspec.commands import main

VALUES = (
    None, True, False, 0, -1, 1, 3.5, 1e308, -1e308, 3.4e38, 10**30, -(10**30), 10**400, 2**53,
    "", "x", "0.5", "\x1b[31m", "\0", "\ud800", "a" * 5000, [], [[]], [None], [1], {}, {"": 1},
    {"mean": 1}, [[1, 2], [3]], "@deep", "@nan", "@inf",
)  # fmt: skip
"""What a value may become; the last three are written as no value can say them."""

_WRITTEN = {'"@deep"': "[" * 100_000 + "]" * 100_000, '"@nan"': "NaN", '"@inf"': "-Infinity"}


def paths_in(value, path=()):
    """The path of every value in a document, its own first."""
    yield path
    if not isinstance(value, dict | list):
        return
    for key, each in value.items() if isinstance(value, dict) else enumerate(value):
        yield from paths_in(each, (*path, key))


def changed(document, path, value):
    """A document with another value in a place."""
    if not path:
        return value
    copy = dict(document) if isinstance(document, dict) else list(document)
    copy[path[0]] = changed(copy[path[0]], path[1:], value)
    return copy


def damaged_json(text, chance):
    """A JSON text with one to three values changed, or with a field left out."""
    document = json.loads(text)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        path = chance.choice(list(paths_in(document)))
        document = changed(document, path, chance.choice(VALUES))
        if not isinstance(document, dict | list):
            break
    written = json.dumps(document)
    for word, text in _WRITTEN.items():
        written = written.replace(word, text)
    return written.encode()


def damaged_bytes(data, chance):
    """Bytes that are cut, empty, flipped or foreign."""
    at = chance.randrange(max(1, len(data)))
    flipped = data[:at] + bytes([(data[at] if data else 0) ^ 1 << chance.randrange(8)])
    return chance.choice((b"", data[:at], flipped + data[at + 1 :], b"\xff\xfe{", b"[" * 100_000))


def rewritten_checkpoint(folder, chance):
    """Damages what a checkpoint says and lists it with its new hash, as if it were sound."""
    manifest = folder / "checkpoints" / "manifest.json"
    listed = json.loads(manifest.read_text())
    for entry in listed["checkpoints"]:
        path = folder / entry["file"]
        with np.load(path) as archive:
            arrays = dict(archive)
        text = damaged_json(arrays["facts"].tobytes(), chance)
        np.savez(path, **arrays | {"facts": np.frombuffer(text, np.uint8)})
        data = path.read_bytes()
        entry |= {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    manifest.write_text(json.dumps(listed))
    return [("checkpoints", text[:300])]


def damage(folder, chance):
    """Damages one file of a run, or two; returns which, and what it holds now."""
    done = []
    if (folder / "checkpoints").is_dir() and chance.random() < 0.3:
        return rewritten_checkpoint(folder, chance)
    for path in chance.sample(files(folder), chance.choice((1, 1, 1, 2))):
        data = path.read_bytes()
        whole = path.suffix != ".json" or chance.random() < 0.2
        path.write_bytes(damaged_bytes(data, chance) if whole else damaged_json(data, chance))
        done.append((str(path.relative_to(folder)), path.read_bytes()[:300]))
    return done


def files(folder):
    """Every file of a run, however deep."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def light(run, other, images):
    """The commands that read a run and need no framework for it."""
    yield "compare", str(run), str(other)
    yield "compare", str(run), str(other), "--json"
    yield "predict", str(run), str(images), "--interpret", "--names"


def heavy(run, images, data):
    """The commands that need a framework."""
    yield "report", str(run)
    yield "predict", str(run), str(images), "--names"
    yield "predict", str(run), str(images.with_name("picture.png"))
    yield "evaluate", str(run), "--data", str(data)
    yield "train", "--resume", str(run), "--no-report"
    yield "train", "--resume", str(run), "--epochs", "4", "--no-report"
    yield "reproduce", str(run)


def spoken(*arguments):
    """The exit code of a command, and what it printed on both streams."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(list(arguments))
    return code, out.getvalue() + err.getvalue()


TEXT = """
model small
data "drawn.npz"
input 8x8x1
classes 3
conv 2x3 relu; pool 2; dense 3 softmax
expect accuracy >= 0.0
train { batch 20; epochs 3; validation 0.2; metrics accuracy f1; early_stop val_loss patience=9 }
"""


def trained(folder):
    """A run that has finished and one that was stopped, of data made here, with the data."""
    from cnnspec.analysis.check import check
    from cnnspec.core.source import Source
    from cnnspec.training.backends.choose import start
    from cnnspec.training.session import Paused, train

    random = np.random.default_rng(1)
    labels = np.arange(120) % 3
    drawn = random.integers(0, 40, (120, 8, 8)).astype(np.uint8)
    for image, label in zip(drawn, labels, strict=True):
        image[2 * label + 1 : 2 * label + 3, 1:7] = 255
    np.savez(folder / "drawn.npz", x_train=drawn[:90], y_train=labels[:90],
             x_test=drawn[90:], y_test=labels[90:])  # fmt: skip
    np.savez(folder / "images.npz", x=drawn[:5])
    Image.fromarray(drawn[0]).save(folder / "picture.png")
    backend = start("tensorflow")
    checked = check(Source(str(folder / "drawn.cnn"), TEXT))
    finished = train(checked, folder / "runs", backend).run.folder
    with contextlib.suppress(Paused):
        train(checked, folder / "runs", backend, until=2)
    return finished, folder / "runs" / "small-2"


def say(text):
    """Prints a text at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def by_hand(count, seed=1):
    """Gives so many damaged runs to every command; prints and counts what ended with 70."""
    chance = random.Random(seed)
    bad = 0
    codes: Counter[tuple[str, int]] = Counter()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        runs = trained(folder)
        images, data = folder / "images.npz", folder / "drawn.npz"
        for number in range(count):
            whole = chance.choice(runs)
            copy = folder / "damaged" / whole.name
            shutil.copytree(whole, copy)
            done = damage(copy, chance)
            asked = [*light(copy, runs[0], images), chance.choice(list(heavy(copy, images, data)))]
            for arguments in asked:
                code, said = spoken(*arguments)
                codes[arguments[0], code] += 1
                unfinished = "--epochs" in arguments and not (copy / "metrics.json").exists()
                if code == 70 or (code == 2 and not unfinished):
                    bad += 1
                    say(f"{number}: {code} from {arguments}\n{done}\n{said[-1500:]}\n")
            shutil.rmtree(copy.parent)
    say(f"{count} damaged runs, {bad} answers that are wrong; exit codes: {dict(codes)}")
    return bad


if __name__ == "__main__":
    sys.exit(by_hand(*map(int, sys.argv[1:])) > 0)
