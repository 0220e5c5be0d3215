"""The scripts of `cnnspec completion`, run by the shells that are here."""

import json
import re
import shlex
import shutil
import subprocess

import pytest

from cnnspec.commands import COMMANDS, declare, main, parser_of
from cnnspec.commands.arguments import Parser
from cnnspec.commands.completion import SHELLS
from cnnspec.diagnostics.catalog import catalog
from cnnspec.ir.training import Training
from cnnspec.service.templates import TEMPLATES


def needs(shell):
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"there is no {shell} here")


def script(shell, capsys):
    assert main(["completion", shell]) == 0
    return capsys.readouterr().out


def in_bash(words, text, folder):
    """What bash offers for the last of some words."""
    line = shlex.join(["cnnspec", *words])
    program = (
        f"{text}\nCOMP_WORDS=({line}); COMP_CWORD={len(words)}; _shtab_cnnspec\n"
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    command = ["bash", "--noprofile", "--norc", "-c", program]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    # Only an interactive shell has the options that the script sets as it completes.
    errors = [e for e in done.stderr.splitlines() if "not currently executing completion" not in e]
    assert errors == []
    return done.stdout.split("\n")[:-1] if done.stdout != "\n" else []


def in_fish(words, text, folder):
    """What fish offers for the last of some words."""
    (folder / "cnnspec.fish").write_text(text)
    line = shlex.join(["cnnspec", *words[:-1]]) + f" {words[-1]}"
    program = f"source cnnspec.fish; complete -C {shlex.quote(line)}"
    command = ["fish", "--no-config", "-c", program]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    (folder / "cnnspec.fish").unlink()
    return [line.split("\t")[0].removesuffix("/") for line in done.stdout.splitlines()]


@pytest.fixture
def folder(tmp_path):
    for name in ("net.cnn", "my net.cnn", "net.json", "other.txt"):
        (tmp_path / name).write_text("dense 10")
    (tmp_path / "nets").mkdir()
    return tmp_path


CASES = [
    (["ch"], ["check"]),
    (["--v"], ["--version"]),
    (["check", "--ex"], ["--explain"]),
    (["check", "ne"], ["net.cnn", "net.json", "nets"]),
    (["check", "--explain", "o"], []),
    (["train", "--backend", "t"], ["tensorflow", "torch"]),
    (["train", "--epochs", ""], []),
    (["train", "--out", "net"], ["nets"]),
    (["train", "--set", "precision=mixed_f"], ["precision=mixed_float16"]),
    (["train", "--set", "epo"], ["epochs="]),
    (["report", "ne"], ["nets"]),
    (["fmt", "--d"], ["--diff"]),
    (["new", "m"], ["mlp", "mobilenet"]),
    (["data", "fashion_mnist_"], ["fashion_mnist_mini"]),
    (["explain", "CNN20"], [code for code in catalog() if code.startswith("CNN20")]),
    (["completion", ""], list(SHELLS)),
]


@needs("bash")
@pytest.mark.parametrize(
    ("words", "offered"),
    [*CASES, (["check", "net.cnn", "my"], ["my net.cnn"])],
)
def test_bash_completes(words, offered, capsys, folder):
    assert sorted(in_bash(words, script("bash", capsys), folder)) == sorted(offered)


@needs("fish")
@pytest.mark.parametrize(("words", "offered"), CASES)
def test_fish_completes(words, offered, capsys, folder):
    found = in_fish(words, script("fish", capsys), folder)
    # Fish falls back to words that are only similar.
    begun = [word for word in found if word.startswith(words[-1])]
    assert sorted(set(begun)) == sorted(offered)


@needs("bash")
def test_bash_completes_every_command_and_every_option(capsys, folder):
    text = script("bash", capsys)
    assert set(COMMANDS) == set(in_bash([""], text, folder))
    for name in COMMANDS:
        _, parser = parser_of(name)
        assert sorted(in_bash([name, "-"], text, folder)) == sorted(parser.names)


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_knows_every_command_option_and_value(shell, capsys):
    text = script(shell, capsys)
    for name, summary in COMMANDS.items():
        assert name in text
        assert summary.split(":")[0] in text or shell in ("bash", "tcsh")
        for option in parser_of(name)[1].names:
            assert (option.lstrip("-") if shell in ("fish", "tcsh") else option) in text
    assert all(name in text for name in TEMPLATES)
    assert all(f"{name}=" in text for name in Training.specs)


class Declared(Parser):
    """A parser that keeps what is declared of each argument."""

    def add_argument(self, *names, complete="", **options):
        action = super().add_argument(*names, **options)
        if action.metavar in ("FILE", "RUN", "PATH", "FOLDER", "DIR", "RULES", "IMAGES"):
            self.files = {**getattr(self, "files", {}), names: complete}
        return action


def test_every_file_and_folder_is_completed():
    found = {}
    for name in COMMANDS:
        parser = Declared(prog=name, description="")
        declare(name, parser)
        found |= {(name, *names): kind for names, kind in getattr(parser, "files", {}).items()}
    assert len(found) > 10
    assert [names for names, kind in found.items() if not kind] == []


def test_every_shell_that_shtab_writes_for_is_offered():
    import shtab

    assert sorted(SHELLS) == sorted(shtab.SUPPORTED_SHELLS)


@pytest.mark.parametrize(
    "command",
    [["bash", "-n"], ["zsh", "-n"], ["fish", "--no-execute"], ["tcsh", "-f"]],
    ids=lambda command: command[0],
)
def test_the_shell_reads_its_script(command, capsys, tmp_path):
    if shutil.which(command[0]) is None:
        pytest.skip(f"there is no {command[0]} here")
    path = tmp_path / "script"
    path.write_text(script(command[0], capsys))
    done = subprocess.run([*command, str(path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@needs("zsh")
def test_zsh_takes_its_script_by_eval(capsys, tmp_path):
    path = tmp_path / "script"
    path.write_text(script("zsh", capsys))
    program = 'autoload -U compinit; compinit -D; eval "$(<$1)"; print $_comps[cnnspec]'
    command = ["zsh", "-f", "-c", program, "zsh", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("_shtab_cnnspec", "")


def test_the_script_for_powershell_parses(capsys):
    tree_sitter = pytest.importorskip("tree_sitter", reason="PowerShell is read by tree-sitter")
    grammar = pytest.importorskip("tree_sitter_powershell")
    text = script("powershell", capsys)
    parser = tree_sitter.Parser(tree_sitter.Language(grammar.language()))
    assert not parser.parse(text.encode()).root_node.has_error
    assert parser.parse(text.replace("}", "", 1).encode()).root_node.has_error


def test_powershell_offers_values_by_command_and_option(capsys):
    text = script("powershell", capsys)
    tables = dict(re.findall(r"^\$_shtab_cnnspec_(\w+) = @\{\n(.*?)^\}", text, re.M | re.S))
    values = {
        name: re.findall(r"'([^']*)'", line)
        for name, line in re.findall(
            r"^ +'_shtab_cnnspec_(\w+)' = @\((.*)\)$", tables["choices"], re.M
        )
    }
    assert values["train___backend"] == ["tensorflow", "jax", "torch", "native"]
    assert values["new_pos_0"] == list(TEMPLATES)
    assert "precision=mixed_float16" in values["check___set"]


def test_an_unknown_shell_is_2_and_json_is_one_document(capsys):
    assert main(["completion", "nushell"]) == 2
    capsys.readouterr()
    assert main(["completion", "bash", "--json"]) == 0
    assert "_shtab_cnnspec" in json.loads(capsys.readouterr().out)["text"]
