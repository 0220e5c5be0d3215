"""Reads arrays of HDF5 files with h5py; a MATLAB 7.3 file is one after a block of text.

Only data in the file itself is read: no links, virtual datasets, external storage, or filters that
would have to be loaded.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np

from cnnspec.datasets.raw import Found, Request, Unsupported, sized, unpacks
from cnnspec.datasets.readers import named_arrays

_FILTERS = {1: "gzip", 2: "shuffle", 3: "fletcher32", 5: "nbit", 6: "scaleoffset", 32000: "lzf"}
"""The filters that come with HDF5 and h5py; any other would be loaded from a file."""
_PLAIN = 'store whole numbers, as in `file["x_train"] = images.astype("uint8")`'
_COPY = "copy the array into this file"
_MOST = 1000
"""The most arrays and groups that are looked at."""


class Store:
    """The arrays of an open file, those in groups as `group/array`."""

    title = "arrays in HDF5 (.h5)"

    def __init__(self, file: h5py.File) -> None:
        self._file = file
        self.names: Sequence[str] = list(_walked(file))

    def size(self, name: str) -> int:
        """The bytes that an array takes in memory; raises `Unsupported` where it is not one."""
        dataset = self._linked(name)
        return sized(dataset.shape or (), dataset.dtype.itemsize, f"`{name}`")

    def array(self, name: str) -> np.ndarray:
        """Reads one array; raises `ValueError`."""
        dataset = self._linked(name)
        text = h5py.check_string_dtype(dataset.dtype) is not None
        if dataset.shape is None or (dataset.dtype.kind not in "biuf" and not text):
            raise Unsupported(f"`{name}` holds {dataset.dtype}, not plain numbers", _PLAIN)
        size = self.size(name)
        if dataset.is_virtual or dataset.external:
            raise Unsupported(f"`{name}` takes its values from other files", _COPY)
        creation = dataset.id.get_create_plist()
        for index in range(creation.get_nfilters()):
            code = creation.get_filter(index)[0]
            if code not in _FILTERS:
                known = ", ".join(_FILTERS.values())
                reason = f"`{name}` is packed with filter {code}, not one of {known}"
                raise Unsupported(reason, 'write the file again with `compression="gzip"`')
        if dataset.size and not dataset.id.get_storage_size():
            raise ValueError(f"`{name}` has a shape and no values")
        unpacks(size, dataset.id.get_storage_size(), f"`{name}`")
        if text:
            return np.array(np.asarray(dataset.asstr()[()]), str)
        values = np.empty(dataset.shape, dataset.dtype)
        if dataset.size:
            dataset.read_direct(values)
        # MATLAB stores columns first, so in HDF5 the sizes are in reverse order.
        return values.T if "MATLAB_class" in dataset.attrs else values

    def members(self, group: str) -> list[str]:
        """The names in a group; raises `ValueError` where the group is not in the file itself."""
        return list(self._group(group))

    def label(self, group: str) -> str:
        """The attribute `name` of a group; raises `ValueError` where there is none."""
        found = self._group(group).attrs.get("name")
        if not isinstance(found, str):
            raise ValueError(f"`{group}` has no name")
        return found

    def _linked(self, name: str) -> h5py.Dataset:
        groups, _, last = name.rpartition("/")
        dataset = _own(self._group(groups) if groups else self._file, last)
        if not isinstance(dataset, h5py.Dataset):
            raise Unsupported(f"`{name}` is not an array", "name an array")
        return dataset

    def _group(self, name: str) -> h5py.Group:
        group = self._file
        for part in name.split("/"):
            group = _own(group, part)
            if not isinstance(group, h5py.Group):
                raise ValueError(f"`{name}` is not a group")
        return group


def _own(group: h5py.Group, name: str) -> h5py.Group | h5py.Dataset:
    """Returns a member that is in the file itself."""
    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise Unsupported(f"`{name}` is a link, which may lead out of the file", _COPY)
    return group[name]


def _walked(file: h5py.File) -> Iterator[str]:
    """The names of all arrays. Links are included, so that they can be refused by name."""
    groups: list[tuple[str, h5py.Group]] = [("", file)]
    seen = {file.id}
    count = 0
    while groups:
        prefix, group = groups.pop(0)
        for name in group:
            count += 1
            if count > _MOST:
                return
            member = None
            if isinstance(group.get(name, getlink=True), h5py.HardLink):
                member = group[name]
            if isinstance(member, h5py.Group):
                # A group may contain itself.
                if member.id not in seen:
                    seen.add(member.id)
                    groups.append((f"{prefix}{name}/", member))
            else:
                yield f"{prefix}{name}"


@contextmanager
def opened(path: Path) -> Iterator[Store]:
    """Opens the file at a path."""
    with h5py.File(path, "r", locking=False) as file:
        yield Store(file)


def read(path: Path, request: Request) -> Found:
    """Reads the images and labels of a file."""
    with opened(path) as store:
        return named_arrays.found(path, store, request)
