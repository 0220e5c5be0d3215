"""The `job` of `runtime/job.h` for ctypes: the same fields in the same order."""

import ctypes

from cnnspec.targets.c.layout import Layout

_POINTERS = (
    *("pixels", "numbers", "labels", "counts", "order", "factors", "weights", "slots"),
    *(
        "average",
        "gradients",
        "arenas",
        "shared",
        "rounded",
        "scales",
        "seen",
        "losses",
        "answers",
        "outputs",
    ),
)


def job_type(layout: Layout) -> type[ctypes.Structure]:
    """Returns the type of a job; C says how large it is, which is compared."""
    fields: list[tuple[str, type]] = [(name, ctypes.c_void_p) for name in _POINTERS]
    fields += [
        ("count", ctypes.c_int64),
        ("seed", ctypes.c_uint64),
        ("step", ctypes.c_int64),
        ("batch", ctypes.c_int32),
        ("threads", ctypes.c_int32),
        ("at", ctypes.c_int64),
        ("size", ctypes.c_int32),
        ("index", ctypes.c_int32),
        ("images", ctypes.c_int32 * layout.parts),
        ("first_block", ctypes.c_int32 * layout.parts),
        ("loss", ctypes.c_double * layout.parts),
        ("partial", ctypes.c_float * (2 * len(layout.slices))),
        ("by_slice", ctypes.c_float * len(layout.slices)),
        ("scale", ctypes.c_float * max(len(layout.tensors), 1)),
    ]
    return type("Job", (ctypes.Structure,), {"_fields_": fields})
