"""What a run can be exported to, by name. Light: how is imported when somebody asks for it.

An exporter is a module with `export(job) -> Exported` and a line in `EXPORTERS`. It runs
what it has made and compares it with the run before it returns, and raises `CnnspecError`
where the two differ.
"""

from cnnspec.core.record import Record


class Exporter(Record):
    """A kind of export: what it gives, the number types it knows, and the module that makes it."""

    name: str
    summary: str
    dtypes: tuple[str, ...]
    module: str


EXPORTERS = {
    exporter.name: exporter
    for exporter in (
        Exporter(
            "c",
            "C99 for microcontrollers, with test images",
            ("float32", "int8"),
            "cnnspec.export.c",
        ),
    )
}
"""Every exporter by its name."""
