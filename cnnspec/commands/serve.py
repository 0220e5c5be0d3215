"""Opens a page in the browser: an editor with shapes, costs, budgets, fixes and the drawing.

Everything follows while you type, and buttons train the spec on this machine with live
curves, list the runs and sweeps in `runs`, and open their reports. FILE is a .cnn file to
edit; it is written when you save. The page is for this machine only: the server listens on
127.0.0.1, and the address that is printed has a token. Ctrl-C ends it; a training that still
runs keeps what it has trained. It needs an extra: pip install 'cnnspec[serve]'
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from cnnspec.commands.arguments import FOLDER, SPEC, add_backend
from cnnspec.diagnostics.packages import require_packages

PORT = 8750


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    parser.add_argument(
        "file", nargs="?", type=Path, metavar="FILE", complete=SPEC, help="the .cnn file to edit"
    )
    parser.add_argument(
        "--port",
        type=int,
        default=PORT,
        metavar="N",
        help=f"the port to listen on; 0 for any that is free ({PORT})",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("runs"),
        complete=FOLDER,
        help="the folder for run folders, and of those that are listed (runs)",
    )
    parser.add_argument(
        "--no-browser", dest="browser", action="store_false", help="only print the address"
    )
    add_backend(parser)


def run(args: Namespace) -> int:
    """Serves the page until Ctrl-C. Raises `CnnspecError`."""
    require_packages("the page", "serve", "starlette", "uvicorn")
    from cnnspec.serve.run import serve

    given = {"backend": args.backend, "offline": args.offline}
    return serve(args.file, args.out, args.port, given, browser=args.browser, as_json=args.json)
