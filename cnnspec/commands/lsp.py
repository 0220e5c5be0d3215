"""The language server for .cnn files, which an editor starts and speaks to.

It shows errors, shapes, costs and budgets while you type, completes words, fixes, formats,
and renames. `docs/editors.md` says how to set up VS Code, Neovim, Vim, Helix and Emacs.
It needs an extra: pip install 'cnnspec[lsp]'
"""

from argparse import ArgumentParser, Namespace

from cnnspec.diagnostics.packages import require_packages


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    # What some editors pass to every server.
    parser.add_argument(
        "--stdio", action="store_true", help="speak on standard input and output (the default)"
    )


def run(args: Namespace) -> int:
    """Serves one editor until it leaves. Raises `CnnspecError` without the extra."""
    require_packages("the language server", "lsp", "pygls", "lsprotocol")
    from cnnspec.lsp.server import run as serve

    return serve()
