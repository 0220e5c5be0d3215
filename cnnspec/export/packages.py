"""What exporters need of other packages, and which versions of them were there."""

from importlib.metadata import version
from importlib.util import find_spec

from cnnspec.diagnostics.environment import MissingExtra
from cnnspec.diagnostics.errors import CnnspecError


def require_packages(target: str, extra: str, *packages: str) -> None:
    """Raises `CnnspecError` where a package is missing, with what installs it."""
    missing = next((package for package in packages if find_spec(package) is None), None)
    if missing:
        cause = f"an export to {target} needs {missing}, which is not installed"
        raise CnnspecError(MissingExtra(None, cause, f"pip install 'cnnspec[{extra}]'"))


def versions(*packages: str) -> dict[str, str]:
    """The versions of packages by their names."""
    return {package: version(package) for package in packages}
