"""Which versions of other packages an export was made with."""

from importlib.metadata import version


def versions(*packages: str) -> dict[str, str]:
    """The versions of packages by their names."""
    return {package: version(package) for package in packages}
