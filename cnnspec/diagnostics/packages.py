"""Packages that the base install lacks: one check with one error for everything that needs some."""

from importlib.util import find_spec

from cnnspec.diagnostics.environment import MissingExtra
from cnnspec.diagnostics.errors import CnnspecError


def require_packages(what: str, extra: str, *packages: str) -> None:
    """Raises `CnnspecError` where a package is missing that `what` needs, with what installs it."""
    missing = next((package for package in packages if find_spec(package) is None), None)
    if missing:
        cause = f"{what} needs {missing}, which is not installed"
        raise CnnspecError(MissingExtra(None, cause, f"pip install 'cnnspec[{extra}]'"))
