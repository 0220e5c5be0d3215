"""The language server for .cnn files, which an editor starts and speaks to.

It shows errors, shapes, costs and budgets while you type, completes words, fixes, formats,
and renames. `docs/editors.md` says how to set up VS Code, Neovim, Vim, Helix and Emacs.
It needs an extra: pip install 'cnnspec[lsp]'
"""

from argparse import ArgumentParser, Namespace

from cnnspec.diagnostics.environment import MissingExtra
from cnnspec.diagnostics.errors import CnnspecError


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    # What some editors pass to every server.
    parser.add_argument(
        "--stdio", action="store_true", help="speak on standard input and output (the default)"
    )


def run(args: Namespace) -> int:
    """Serves one editor until it leaves. Raises `CnnspecError` without the extra."""
    try:
        import pygls.lsp.server  # noqa: F401 - only to see whether it is there
    except ImportError:
        cause = "the language server needs pygls"
        raise CnnspecError(MissingExtra(None, cause, "pip install 'cnnspec[lsp]'")) from None
    from cnnspec.lsp.server import run as serve

    return serve()
