"""cnnspec: a compiler for small convolutional networks written as `.cnn` files.

From Python: `cnnspec.load("net.cnn")`, then `.check()`, `.build()`, `.train()`, `.sweep()` or
`.draw()`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnnspec.api.check_result import CheckResult
    from cnnspec.api.comparison import Comparison
    from cnnspec.api.network import Network, load, loads, open_run, resume
    from cnnspec.api.sweep import Sweep
    from cnnspec.api.trained import Trained
    from cnnspec.diagnostics.errors import CnnspecError, Interrupted
    from cnnspec.version import __version__

__all__ = [
    "CheckResult",
    "CnnspecError",
    "Comparison",
    "Interrupted",
    "Network",
    "Sweep",
    "Trained",
    "__version__",
    "load",
    "loads",
    "open_run",
    "resume",
]

_HOMES = {
    "CheckResult": "api.check_result",
    "CnnspecError": "diagnostics.errors",
    "Comparison": "api.comparison",
    "Interrupted": "diagnostics.errors",
    "Sweep": "api.sweep",
    "Trained": "api.trained",
    "__version__": "version",
}
"""The modules of what is not in `api.network`."""


def __getattr__(name: str) -> Any:
    """Imports what is asked for; `import cnnspec` itself, as commands do, costs nothing."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'api.network')}"), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
