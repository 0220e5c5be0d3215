"""From what the command line names to checked specs."""

from argparse import Namespace

from cnnspec.advise import advised
from cnnspec.check import Checked, check
from cnnspec.diagnostics.base import Problems
from cnnspec.diagnostics.surroundings import CannotRead
from cnnspec.expand import Overrides
from cnnspec.files import read_source
from cnnspec.language.parse import parse_value
from cnnspec.source import Source


class BadUsage(CannotRead):
    """A command line that says too little or too much."""


def sources(args: Namespace) -> list[Source]:
    """The texts named on the command line. Raises `Problems`."""
    named = args.files if hasattr(args, "files") else [args.file] if args.file else []
    if args.inline is not None:
        if named:
            raise Problems(BadUsage(None, "give files or `-e TEXT`, not both"))
        return [normalized(Source("<command line>", args.inline))]
    if not named:
        raise Problems(
            BadUsage(None, "no spec is named", "name a .cnn file, `-`, or give `-e 'dense 10'`")
        )
    return [normalized(read_source(path)) for path in named]


def normalized(source: Source) -> Source:
    """The text itself, or for an IR document the canonical text of what it says.

    The printed form of a spec parses to an equal spec, so that every later step,
    messages included, works on text alone.
    """
    if not source.text.lstrip().startswith("{"):
        return source
    from cnnspec.ir.document import load

    return Source(source.name, str(load(source.text, source.name)))


def overrides(args: Namespace) -> Overrides:
    """The values that `--set` gives. Raises `Problems`."""
    found: Overrides = {}
    for item in args.sets:
        name, equals, _ = item.partition("=")
        value = parse_value(Source("<--set>", item)) if equals and name.isidentifier() else None
        if value is None:
            raise Problems(
                BadUsage(
                    None, f"`--set {item}` is not a name and a value", "as in `--set epochs=3`"
                )
            )
        found[name] = value
    return found


def checked(source: Source, values: Overrides | None = None) -> Checked:
    """The checked spec; raises `Problems` where it has errors."""
    result = check(source, values)
    if not result.ok:
        raise Problems(*advised(result))
    return result
