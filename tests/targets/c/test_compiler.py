"""Compilers that are missing or fail, and objects that are kept."""

import os
import platform
import re
import stat
import subprocess
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest

from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.targets.c.compiler import (
    FLAGS,
    FULL,
    Compiler,
    cache_folder,
    compiled,
    find_compiler,
)
from cnnspec.targets.c.native import laid_out
from cnnspec.targets.c.network import network_text
from tests.targets.c.support import checked, compilers, needs_compiler

TEXT = "int answer(void) { return 42; }\n"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


@pytest.mark.skipif(bool(find_spec("ziglang")), reason="its compiler is found")
def test_no_compiler_is_said_with_the_ways_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CNNSPEC_CC", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(CnnspecError) as error:
        find_compiler()
    (problem,) = error.value.diagnostics
    assert (problem.code, problem.exit_code) == ("CNN950", 3)
    assert "none is installed" in problem.message
    for way in ("gcc or clang", "pip install 'cnnspec[native-zig]'", "--backend tensorflow"):
        assert way in problem.help


def test_a_compiler_that_is_named_and_does_not_run_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNNSPEC_CC", "no-such-compiler")
    with pytest.raises(CnnspecError) as error:
        find_compiler()
    (problem,) = error.value.diagnostics
    assert (problem.code, problem.exit_code) == ("CNN950", 3)
    assert "no-such-compiler" in problem.message
    assert "CNNSPEC_CC" in problem.help


@needs_compiler
def test_a_text_is_compiled_once() -> None:
    made = compiled(TEXT)
    before = made.stat().st_mtime_ns
    assert compiled(TEXT) == made
    assert made.stat().st_mtime_ns == before
    assert compiled(TEXT + "\n") != made


@needs_compiler
def test_a_quick_object_is_of_its_own_unless_a_full_one_is_there() -> None:
    quick = compiled(TEXT, quick=True)
    assert compiled(TEXT, quick=True) == quick
    full = compiled(TEXT)
    assert full != quick
    assert compiled(TEXT, quick=True) == full


@needs_compiler
def test_only_the_owner_may_use_the_folder() -> None:
    made = compiled(TEXT)
    assert stat.S_IMODE(made.parent.stat().st_mode) == 0o700
    assert not made.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH)


@needs_compiler
def test_a_damaged_object_is_made_again() -> None:
    made = compiled(TEXT)
    whole = made.read_bytes()
    made.write_bytes(whole[: len(whole) // 2])
    assert compiled(TEXT).read_bytes() == whole


@needs_compiler
@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_a_folder_that_others_can_write_to_is_not_used(capsys: pytest.CaptureFixture[str]) -> None:
    folder = cache_folder()
    folder.chmod(0o777)
    other = compiled(TEXT)
    assert other.parent != folder
    assert stat.S_IMODE(other.parent.stat().st_mode) == 0o700
    # It is said once, and the process keeps what it compiles.
    before = other.stat().st_mtime_ns
    assert compiled(TEXT).stat().st_mtime_ns == before
    said = capsys.readouterr().err
    assert said.count("CNN953") == 1
    assert f"chmod 700 {folder}" in said
    folder.chmod(0o700)
    assert compiled(TEXT).parent == folder


@needs_compiler
def test_a_cache_that_cannot_be_made_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert compiled(TEXT).is_file()
    assert "Not a directory" in capsys.readouterr().err


@needs_compiler
def test_a_text_that_fails_is_kept_with_the_message() -> None:
    with pytest.raises(CnnspecError) as error:
        compiled("int answer(void) { return forty_two; }\n")
    (problem,) = error.value.diagnostics
    assert (problem.code, problem.exit_code) == ("CNN951", 3)
    assert "forty_two" in problem.message
    kept = next(cache_folder().glob("*.c"))
    assert str(kept) in problem.help
    assert "forty_two" in kept.read_text()


@needs_compiler
def test_a_compiler_that_has_gone_is_said() -> None:
    with pytest.raises(CnnspecError) as error:
        compiled(TEXT, Compiler(("gone-since",), "1.0"))
    assert error.value.diagnostics[0].code == "CNN951"


ON_X86_64 = pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="flags of x86-64"
)


def assembly(compiler: Compiler, processor: str, text: str, folder: Path) -> str:
    """The instructions of a network for a processor."""
    spec = checked(text)
    source, made = folder / "network.c", folder / "network.s"
    source.write_text(network_text(laid_out(spec), spec.spec.train).text)
    flags = [FULL, *(flag for flag in FLAGS if flag != "-shared")]
    flags += [*compiler.native, f"-march={processor}", "-S", "-o", str(made)]
    subprocess.run([*compiler.command, *flags, str(source)], check=True)
    return made.read_text()


@needs_compiler
@ON_X86_64
@pytest.mark.parametrize(
    "processor",
    ["haswell", "skylake-avx512", pytest.param("icelake-client", marks=pytest.mark.slow)],
)
@pytest.mark.parametrize("compiler", compilers(), ids=lambda each: each.command[0])
def test_multiply_adds_are_of_whole_vectors(
    compiler: Compiler, processor: str, tmp_path: Path
) -> None:
    text = "data mnist\nconv 8x3 relu\nconv 12x3 same\ngelu\ndense 10 softmax"
    made = assembly(compiler, processor, text, tmp_path)
    found = Counter(re.findall(r"\bvfn?madd\d+([ps]s)\b", made))
    assert found["ps"] > 200
    assert found["ss"] < found["ps"] / 10


@needs_compiler
@ON_X86_64
@pytest.mark.parametrize("compiler", compilers(), ids=lambda each: each.command[0])
def test_vectors_without_a_register_cross_no_line_of_the_cache(
    compiler: Compiler, tmp_path: Path
) -> None:
    text = "data mnist\nconv 8x5 relu\npool 2\nconv 16x5 relu\npool 2\ndense 10 softmax"
    made = assembly(compiler, "skylake-avx512", text, tmp_path)
    functions = dict(re.findall(r"^(\w+):(.*?)^\s*\.size", made, re.MULTILINE | re.DOTALL))
    layers = "".join(functions[name] for name in functions if "ward_" in name)
    kept = Counter(re.findall(r"\b(vmov\w+)\s+%zmm\d+, -?\d*\(%r[sb]p\)", layers))
    assert kept
    assert not {"vmovups", "vmovdqu32", "vmovdqu64"} & kept.keys()
