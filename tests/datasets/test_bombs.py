"""Small files that claim or unpack to far more than images do, each read in its own process."""

import bz2
import gzip
import io
import os
import struct
import subprocess
import sys
import zipfile
import zlib

import h5py
import numpy as np
import pyarrow as pa
import pytest
import scipy.io
from numpy.lib import format as npy
from PIL import Image
from pyarrow import parquet

from tests.support.paths import ROOT

GIGABYTES = 3
SIDE = 1000
COUNT = GIGABYTES * 1000
READ = """
import resource, sys, time
from pathlib import Path
import numpy as np
from cnnspec.datasets import user_data
from cnnspec.datasets.normalize import normal
from cnnspec.datasets.readers import cifar, delimited, hdf5, idx, libsvm, mat, npz, parquet
from cnnspec.diagnostics.errors import CnnspecError
before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
try:
    normal(user_data.read(Path(sys.argv[1])))
    print("read")
except CnnspecError as error:
    print("; ".join(f"{d.message} | {d.help}" for d in error.diagnostics))
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(grown / 1024, time.process_time() - began)
"""


def zeros(opener, path, head: bytes = b"", count: int = COUNT):
    with opener(path, "wb") as file:
        file.write(head)
        for _ in range(count):
            file.write(bytes(SIDE * SIDE))
    return path


def npz(folder):
    with zipfile.ZipFile(folder / "a.npz", "w", zipfile.ZIP_DEFLATED) as made:
        labels = io.BytesIO()
        npy.write_array(labels, np.zeros(COUNT, np.uint8))
        made.writestr("y_train.npy", labels.getvalue())
        with made.open("x_train.npy", "w", force_zip64=True) as file:
            facts = {"descr": "|u1", "fortran_order": False, "shape": (COUNT, SIDE, SIDE)}
            npy.write_array_header_1_0(file, facts)
            for _ in range(COUNT):
                file.write(bytes(SIDE * SIDE))
    return folder / "a.npz"


def idx(folder):
    head = b"\0\0\x08\x03" + struct.pack(">3I", COUNT, SIDE, SIDE)
    zeros(gzip.open, folder / "train-images-idx3-ubyte.gz", head)
    with gzip.open(folder / "train-labels-idx1-ubyte.gz", "wb") as file:
        file.write(b"\0\0\x08\x01" + struct.pack(">I", COUNT) + bytes(COUNT))
    return folder


def hdf5(folder):
    with h5py.File(folder / "a.h5", "w") as file:
        shape = (COUNT, SIDE, SIDE)
        made = file.create_dataset(
            "x_train", shape, "u1", chunks=(100, SIDE, SIDE), compression="gzip"
        )
        for start in range(0, COUNT, 100):
            made[start : start + 100] = np.zeros((100, SIDE, SIDE), "u1")
        file["y_train"] = np.zeros(COUNT)
    return folder / "a.h5"


def mat(folder):
    scipy.io.savemat(
        folder / "a.mat",
        {"x_train": np.zeros((300, SIDE, SIDE), "u1"), "y_train": np.zeros(300)},
        do_compression=True,
    )
    return folder / "a.mat"


def csv(folder):
    with gzip.open(folder / "a.csv.gz", "wb", 6) as file:
        file.write(b"label," + b",".join(b"pixel%d" % i for i in range(784)) + b"\n")
        for _ in range(200):
            file.write((b"0" + b",0" * 784 + b"\n") * 1000)
    return folder / "a.csv.gz"


def one_line(folder):
    return zeros(gzip.open, folder / "a.csv.gz", b"label,pixel0,pixel1\n", 300)


def libsvm(folder):
    with bz2.open(folder / "a.libsvm.bz2", "wb") as file:
        file.write(b"1 1:1 2000000000:1\n" * 1000)
    return folder / "a.libsvm.bz2"


def long_line(folder):
    with bz2.open(folder / "a.libsvm.bz2", "wb") as file:
        file.write(b"1 1:1 2:1\n1 ")
        for _ in range(300):
            file.write(b"1:1 " * 250_000)
    return folder / "a.libsvm.bz2"


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of_zeros(side: int) -> bytes:
    head = struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)
    data = zlib.compress(bytes(4 * side * side + side), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def pictures(folder):
    for name in "ab":
        (folder / name).mkdir()
        Image.new("L", (8, 8), 9).save(folder / name / "0.png")
        (folder / name / "1.png").write_bytes(png_of_zeros(8000))
    return folder


def many_pictures(folder):
    (folder / "a").mkdir()
    Image.new("RGB", (8000, 8000)).save(folder / "a" / "0.png")
    for number in range(1, 40):
        Image.new("L", (8, 8), 9).save(folder / "a" / f"{number}.png")
    return folder


def table(folder):
    rows = [{"bytes": bytes(10**6), "path": ""}] * 700
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    made = pa.table({"image": pa.array(rows, kind), "label": [1] * 700})
    parquet.write_table(made, folder / "a.parquet", compression="zstd", use_dictionary=False)
    return folder / "a.parquet"


BOMBS = (npz, idx, hdf5, mat, csv, one_line, libsvm, long_line, pictures, many_pictures, table)


@pytest.mark.slow
@pytest.mark.parametrize("make", BOMBS, ids=lambda make: make.__name__)
def test_a_bomb_is_refused_in_little_memory_and_time(make, tmp_path):
    path = make(tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path)], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    told, measured = done.stdout.strip().rsplit("\n", 1)
    megabytes, seconds = map(float, measured.split())
    assert str(tmp_path) in told
    assert told.rpartition("| ")[2], told
    assert megabytes < 200, (told, megabytes)
    assert seconds < 5
