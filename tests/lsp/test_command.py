"""`cnnspec lsp` on the command line."""

import subprocess
import sys

from cnnspec.commands import main
from tests.support.paths import ROOT

WITHOUT = """
import sys
sys.modules["pygls"] = None
from cnnspec.commands import main
sys.exit(main(["lsp", *sys.argv[1:]]))
"""


def test_without_the_extra_it_says_how_to_install_it():
    command = [sys.executable, "-c", WITHOUT]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 3
    assert done.stderr.splitlines() == [
        "error[CNN902]: the language server needs pygls, which is not installed",
        "  = help: pip install 'cnnspec[lsp]'",
    ]


def test_help_loads_no_server(capsys):
    code = (
        "import sys; from cnnspec.commands import main; main(['lsp', '--help']);"
        "print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert "docs/editors.md" in done.stdout
    assert not {"pygls", "lsprotocol", "asyncio"} & set(done.stdout.splitlines()[-1].split())


def test_an_option_that_it_does_not_know_is_an_error(capsys):
    assert main(["lsp", "--tcp"]) == 2
    assert "unknown option `--tcp`" in capsys.readouterr().err
