"""Reads archives of arrays (`.npz`) so that a damaged or a malicious one does no harm.

Nothing is unpickled, and nothing larger than the caller expects is unpacked.
"""

import io
import zipfile
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

ARCHIVE_ERRORS = (
    OSError,
    EOFError,
    KeyError,
    IndexError,
    ValueError,
    TypeError,
    MemoryError,
    NotImplementedError,
    RuntimeError,
    SyntaxError,
    zlib.error,
    zipfile.BadZipFile,
)
"""What zipfile, numpy and h5py raise for an archive that is damaged."""


def unpack_arrays(data: bytes, limit: int | None = None) -> "dict[str, np.ndarray]":
    """The arrays of an archive, by their names.

    The archive is given as bytes, because numpy leaves a damaged file open.

    Raises:
        ValueError: the archive is damaged, or its arrays take more than `limit` bytes.
    """
    import numpy as np

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if limit is not None and size > limit:
            raise ValueError(f"it unpacks to {size:,} bytes, and {limit:,} are expected at most")
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except ARCHIVE_ERRORS as error:
        raise ValueError(str(error) or type(error).__name__) from None
