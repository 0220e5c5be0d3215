"""Compiles pieces of LaTeX as an article with the packages that the documentation names."""

import shutil
import subprocess

import pytest

PDFLATEX = shutil.which("pdflatex")
needs_tex = pytest.mark.skipif(not PDFLATEX, reason="there is no pdflatex on this machine")

PREAMBLE = r"""\documentclass{article}
\usepackage{amsmath,booktabs,longtable,tikz}
\begin{document}
"""


def compiled(folder, *pieces):
    """What LaTeX says as it sets the pieces; it ends at the first error. Twice, for longtable."""
    text = "\n\\par\\bigskip\\noindent\n".join(pieces)
    (folder / "paper.tex").write_text(f"{PREAMBLE}{text}\\end{{document}}\n", encoding="utf-8")
    command = [PDFLATEX, "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    for _ in range(2):
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        said = done.stdout.decode("utf-8", "replace")
        assert done.returncode == 0, said[-2000:]
    assert (folder / "paper.pdf").read_bytes().startswith(b"%PDF-")
    # Lines of the log are broken anywhere.
    return (folder / "paper.log").read_text("utf-8", "replace").replace("\n", "")
