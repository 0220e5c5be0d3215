"""Completion scripts for bash, zsh and fish, from a description of a command line.

Values in, text out; knows shells and no command. What the scripts offer is fixed when
they are made, so that the shell never has to start the program.
"""

import re
from collections.abc import Callable, Iterator

from cnnspec.core.record import Record

FILES = ("<files>",)
"""Stands for the names of files among what an argument can be."""


class Flag(Record):
    """An option: its names, what its value can be, `None` if it takes none, and its help."""

    names: tuple[str, ...]
    values: tuple[str, ...] | None
    help: str
    often: bool = False
    """Whether it may stand several times."""


class Command(Record):
    """A command: its options, and what its arguments in order can be, the last one repeated."""

    name: str
    help: str
    flags: tuple[Flag, ...]
    places: tuple[tuple[str, ...], ...]


def bash(program: str, commands: tuple[Command, ...]) -> str:
    """A script for bash, from 3.2 on."""
    cases = "".join(_bash_case(command) for command in commands)
    names = " ".join(command.name for command in commands)
    return f"""\
# Completion of {program} for bash. In ~/.bashrc: eval "$({program} completion bash)"
_{program}() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}}
  local words= files= line index place=0
  COMPREPLY=()
  for ((index = 2; index < COMP_CWORD; index++)); do
    [[ ${{COMP_WORDS[index]}} == -?* ]] || ((place += 1))
  done
  if ((COMP_CWORD == 1)); then
    words='{names} --help --version'
  else
    case ${{COMP_WORDS[1]}} in
{cases}    esac
  fi
  while IFS= read -r line; do
    COMPREPLY+=("$line")
  done < <(
    [[ -n $words ]] && compgen -W "$words" -- "$current"
    [[ -n $files ]] && compgen -f -- "$current"
  )
  [[ -n $files ]] && compopt -o filenames 2>/dev/null
  return 0
}}
complete -o bashdefault -o default -F _{program} {program}
"""


def _bash_case(command: Command) -> str:
    options = " ".join(name for flag in command.flags for name in flag.names)
    lines = [f"      {command.name})", "        case $before in"]
    for flag in command.flags:
        if flag.values is not None:
            lines.append(f"          {' | '.join(flag.names)}) {_bash_offer(flag.values)} ;;")
    lines.append(f"          *) if [[ $current == -* ]]; then words='{options}'")
    for index, values in enumerate(command.places):
        test = f"((place == {index}))" if index < len(command.places) - 1 else "true"
        lines.append(f"            elif {test}; then {_bash_offer(values)}")
    lines += ["            fi ;;", "        esac", "        ;;"]
    return "".join(f"{line}\n" for line in lines)


def _bash_offer(values: tuple[str, ...]) -> str:
    if values == FILES:
        return "files=1"
    return f"words='{' '.join(values)}'" if values else ":"


def zsh(program: str, commands: tuple[Command, ...]) -> str:
    """A script for zsh, to be evaluated or to lie in a folder of `fpath`."""
    described = "\n".join(
        f"    {_quoted(_escaped(command.name + ':' + command.help, ''))}" for command in commands
    )
    cases = "".join(_zsh_case(command) for command in commands)
    return f"""\
#compdef {program}
# Completion of {program} for zsh. In ~/.zshrc: eval "$({program} completion zsh)"
_{program}() {{
  local chosen=$words[2]
  local -a known
  known=(
{described}
  )
  if ((CURRENT == 2)); then
    _describe command known
    return
  fi
  shift words
  ((CURRENT--))
  case $chosen in
{cases}  esac
}}
if [[ $funcstack[1] == _{program} ]]; then
  _{program} "$@"
else
  compdef _{program} {program}
fi
"""


def _zsh_case(command: Command) -> str:
    specs = list(_zsh_flags(command))
    for index, values in enumerate(command.places, 1):
        place = index if index < len(command.places) else "*"
        specs.append(f"{place}:argument:{_zsh_values(values)}")
    body = " \\\n".join(f"        {_quoted(spec)}" for spec in specs)
    return f"    {command.name})\n      _arguments \\\n{body}\n      ;;\n"


def _zsh_flags(command: Command) -> Iterator[str]:
    for flag in command.flags:
        for name in flag.names:
            often = "*" if flag.often else ""
            value = "" if flag.values is None else f":value:{_zsh_values(flag.values)}"
            yield f"{often}{name}[{_escaped(flag.help, '[]:')}]{value}"


def _zsh_values(values: tuple[str, ...]) -> str:
    if values == FILES:
        return "_files"
    return f"({' '.join(values)})" if values else " "


def fish(program: str, commands: tuple[Command, ...]) -> str:
    """A script for fish, from 3.0 on."""
    lines = [
        f"# Completion of {program} for fish, for {program}.fish in ~/.config/fish/completions",
        f"complete -c {program} -f",
    ]
    for command in commands:
        text = _quoted(command.help)
        lines.append(f"complete -c {program} -n __fish_use_subcommand -a {command.name} -d {text}")
    for command in commands:
        start = f"complete -c {program} -n '__fish_seen_subcommand_from {command.name}'"
        for flag in command.flags:
            lines.append(f"{start} {_fish_flag(flag)} -d {_quoted(flag.help)}")
        for values in dict.fromkeys(command.places):
            if values:
                offer = "-F" if values == FILES else f"-a {_quoted(' '.join(values))}"
                lines.append(f"{start} {offer}")
    return "".join(f"{line}\n" for line in lines)


def _fish_flag(flag: Flag) -> str:
    parts = [f"-l {n[2:]}" if n.startswith("--") else f"-s {n[1:]}" for n in flag.names]
    if flag.values == FILES:
        parts.append("-r -F")
    elif flag.values is not None:
        parts.append(f"-x -a {_quoted(' '.join(flag.values))}" if flag.values else "-x")
    return " ".join(parts)


def _quoted(text: str) -> str:
    """A text in single quotes, as all three shells read it."""
    return "'" + text.replace("'", "'\\''") + "'"


def _escaped(text: str, signs: str) -> str:
    return re.sub(f"[\\\\{re.escape(signs)}]", r"\\\g<0>", text)


SHELLS: dict[str, Callable[[str, tuple[Command, ...]], str]] = {
    "bash": bash,
    "zsh": zsh,
    "fish": fish,
}
"""Every shell there is a script for."""
