#!/usr/bin/env bash
# pyarrow 26.0.1: `to_numpy` of an array imports pandas where it is installed, and never uses it.
#
# Guess: a column of whole numbers without nulls becomes a numpy array with numpy alone.
# Seen: the first `to_numpy` imports pandas 3.1.1, which took 41 MB where we read 60,000 labels;
# `numpy.from_dlpack` gives the same numbers without. Readers of Parquet and CSV go that way.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet pyarrow==26.0.1 pandas==3.1.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import sys

import numpy as np
import pyarrow as pa

# As a file has them: `pa.array` of a list imports pandas as well.
labels = pa.Array.from_buffers(pa.int64(), 3, [None, pa.py_buffer(np.array([3, 1, 2]))])
shared = np.from_dlpack(labels)
before = "pandas" in sys.modules
converted = labels.to_numpy()
after = "pandas" in sys.modules
print("equal:", bool((shared == converted).all()), "pandas before, after:", before, after)
assert (shared == converted).all(), "changed"
assert (before, after) == (False, True), "changed"
PY
