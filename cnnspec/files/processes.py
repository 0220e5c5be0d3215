"""Processes and the machine they run on, by the means of each system: POSIX or Windows.

The code asks whether a function exists, not for the name of the system. So it also works where
Python has neither, as in a browser.
"""

import os
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
"""Where Linux says how much memory a container may use."""


def own_group() -> dict[str, Any]:
    """Returns the arguments of `Popen` for a process that Ctrl-C at the terminal does not reach."""
    if hasattr(subprocess, "CREATE_NEW_PROCESS_GROUP"):
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"process_group": 0}


def processors() -> int:
    """Returns how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    # macOS and Windows do not limit a process to some of them unless it asks for it.
    return os.cpu_count() or 1


def memory() -> int | None:
    """Returns the memory of this machine, or of its container, in bytes; `None` if unknown."""
    found = []
    if hasattr(os, "sysconf"):
        with suppress(ValueError, OSError):
            found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    elif of_windows := _windows_memory():
        found.append(of_windows)
    for limit in _LIMITS:
        try:
            text = Path(limit).read_text(encoding="ascii").strip()
        except OSError:
            continue
        found += [int(text)] if text.isdecimal() else []
    return min(found, default=None)


def _windows_memory() -> int | None:
    """Returns the physical memory by `GlobalMemoryStatusEx` of Windows, in bytes."""
    import ctypes

    kernel = getattr(getattr(ctypes, "windll", None), "kernel32", None)
    if kernel is None:
        return None
    # MEMORYSTATUSEX: its own length, the load in percent, and seven sizes of 8 bytes each.
    status = (ctypes.c_uint64 * 8)(64)
    if not kernel.GlobalMemoryStatusEx(ctypes.byref(status)):
        return None
    return int(status[1])
