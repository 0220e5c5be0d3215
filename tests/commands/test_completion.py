"""The scripts of `cnnspec completion`, run by the shells that are here."""

import json
import shlex
import shutil
import subprocess

import pytest

from cnnspec.commands import COMMANDS, main, parser_of
from cnnspec.commands.new import TEMPLATES
from cnnspec.commands.shells import SHELLS

needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")


def script(shell, capsys):
    assert main(["completion", shell]) == 0
    return capsys.readouterr().out


def completed(words, capsys, folder):
    """What bash offers for the last of some words."""
    line = shlex.join(["cnnspec", *words])
    program = (
        f"{script('bash', capsys)}\nCOMP_WORDS=({line}); COMP_CWORD={len(words)}; _cnnspec\n"
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    command = ["bash", "--noprofile", "--norc", "-c", program]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1] if done.stdout != "\n" else []


@pytest.fixture
def folder(tmp_path):
    for name in ("net.cnn", "my net.cnn", "other.txt", "*.cnn"):
        (tmp_path / name).write_text("dense 10")
    (tmp_path / "nets").mkdir()
    return tmp_path


@needs_bash
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["ch"], ["check"]),
        (["--v"], ["--version"]),
        (["check", "--ex"], ["--explain"]),
        (["check", "ne"], ["net.cnn", "nets"]),
        (["check", "net.cnn", "my"], ["my net.cnn"]),
        (["check", "--explain", "o"], ["other.txt"]),
        (["check", "*"], ["*.cnn"]),
        (["check", "zzz"], []),
        (["train", "--backend", "t"], ["tensorflow", "torch"]),
        (["train", "--epochs", ""], []),
        (["train", "--out", "net"], ["net.cnn", "nets"]),
        (["fmt", "--d"], ["--diff"]),
        (["new", "m"], ["mlp", "mobilenet"]),
        (["new", "mlp", "my"], ["my net.cnn"]),
        (["data", "fashion_mnist_"], ["fashion_mnist_mini"]),
        (["completion", ""], list(SHELLS)),
        (["nonsense", ""], []),
    ],
)
def test_bash_completes(words, offered, capsys, folder):
    assert sorted(completed(words, capsys, folder)) == sorted(offered)


@needs_bash
def test_bash_completes_every_command_and_every_option(capsys, folder):
    assert set(COMMANDS) < set(completed([""], capsys, folder))
    for name in COMMANDS:
        _, parser = parser_of(name)
        options = [name for action in parser._actions for name in action.option_strings]
        assert sorted(completed([name, "-"], capsys, folder)) == sorted(options)


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_knows_every_command_and_option(shell, capsys):
    text = script(shell, capsys)
    for name, summary in COMMANDS.items():
        assert name in text
        assert summary in text or shell == "bash"
        _, parser = parser_of(name)
        for action in parser._actions:
            for option in action.option_strings:
                assert (option.lstrip("-") if shell == "fish" else option) in text
    assert all(name in text for name in TEMPLATES)


@pytest.mark.parametrize(
    "command",
    [["bash", "-n"], ["zsh", "-n"], ["fish", "--no-execute"]],
    ids=lambda command: command[0],
)
def test_the_shell_reads_its_script(command, capsys, tmp_path):
    if shutil.which(command[0]) is None:
        pytest.skip(f"there is no {command[0]} here")
    path = tmp_path / "script"
    path.write_text(script(command[0], capsys))
    done = subprocess.run([*command, str(path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_unknown_shell_is_2_and_json_is_one_document(capsys):
    assert main(["completion", "tcsh"]) == 2
    capsys.readouterr()
    assert main(["completion", "bash", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["text"].startswith("# Completion")
