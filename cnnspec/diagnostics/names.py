"""Errors of words and values: unknown, missing, out of range, of the wrong type."""

import re
from typing import ClassVar

from cnnspec.core.edits import Fix, Fixes, write
from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Diagnostic, UnknownSpelling, did_you_mean, respell


class UnknownStatement(Diagnostic):
    """Every statement starts with the word of a layer or a setting."""

    code: ClassVar[str] = "CNN101"
    bad: ClassVar[str] = "dens 10 softmax"
    good: ClassVar[str] = "dense 10 softmax"

    word: str
    near: str
    known: tuple[str, ...]
    where: str = ""

    @property
    def message(self) -> str:
        return f"unknown word `{self.word}`{self.where and f' in {self.where}'}"

    @property
    def help(self) -> str:
        from cnnspec.diagnostics.translations import statement_help

        foreign = statement_help(self.span, self.word, self.near, training=bool(self.where))
        return foreign or did_you_mean(self.near, self.known, "a statement here")

    def fixes_at(self, span: Span) -> Fixes:
        from cnnspec.diagnostics.translations import statement_fixes

        foreign = statement_fixes(span, self.word, self.near, training=bool(self.where))
        return foreign or respell(span, self.word, self.near, self.known)


class UnknownWord(Diagnostic):
    """The words that a layer or setting takes are a closed set."""

    code: ClassVar[str] = "CNN102"
    bad: ClassVar[str] = "conv 8x3 rleu; dense 10 softmax"
    good: ClassVar[str] = "conv 8x3 relu; dense 10 softmax"

    word: str
    of: str
    """What reads the word: "`conv`", "the padding of `conv`"."""
    near: str
    known: tuple[str, ...]
    path: bool = False
    """Whether a path in quotes is possible as well."""
    option: str = ""
    """How the word is written where it is the name of an option: `momentum=0.9`."""

    @property
    def message(self) -> str:
        return f"unknown word `{self.word}` for {self.of}"

    @property
    def help(self) -> str:
        if self._of_size:
            return "write a size without spaces: `32x3`"
        if self.option:
            return f"it is an option: write `{self.option}`"
        if not self.known:
            return f"{self.of} takes no words"
        path = f'; write a path in quotes: `"{self.word}"`' if self.path and not self.near else ""
        if path:
            return did_you_mean(self.near, self.known) + path
        from cnnspec.diagnostics.translations import word_help

        return word_help(self.word, self.near) or did_you_mean(self.near, self.known)

    def fixes_at(self, span: Span) -> Fixes:
        if self._of_size:
            from cnnspec.diagnostics.rewrites import joined_size

            return joined_size(span, self.word)
        if self.option:
            return (write(span, self.option, title=f"write `{self.option}`"),)
        # A name of the spec, which only lacks its parentheses, is meant for certain.
        from cnnspec.diagnostics.translations import certain

        named = self.near[:1] == "(" or certain(self.word, self.near)
        found = respell(span, self.word, self.near, self.known, safe=named)
        if self.path and not self.near:
            return (write(span, f'"{self.word}"', title="write a path in quotes"),)
        if not self.near:
            from cnnspec.diagnostics.translations import needless

            return needless(span, self.word)
        return found

    @property
    def _of_size(self) -> bool:
        return self.word[:1] == "x" and (self.word[1:].isdecimal() or len(self.word) == 1)


class UnknownOption(Diagnostic):
    """An option that nothing reads would be a mistake that nobody sees."""

    code: ClassVar[str] = "CNN103"
    bad: ClassVar[str] = "conv 8x4 relu strides=2; dense 10 softmax"
    good: ClassVar[str] = "conv 8x4 relu stride=2; dense 10 softmax"

    option: str
    of: str
    near: str
    known: tuple[str, ...]
    alone: bool = False
    """Whether it is a word that is written alone."""
    value: Span | None = None
    """Where the value of the option is."""

    @property
    def message(self) -> str:
        return f"`{self.of}` has no option `{self.option}`"

    @property
    def help(self) -> str:
        if self.alone:
            return f"write `{self.option}` alone, without `=` and a value"
        from cnnspec.diagnostics.translations import option_help

        if foreign := option_help(self.span, self.option, self.near, self.value):
            return foreign
        if not self.known:
            return f"`{self.of}` takes no options"
        return did_you_mean(self.near, self.known, f"an option of `{self.of}`")

    def fixes_at(self, span: Span) -> Fixes:
        if self.alone and self.value:
            yes = self.value.text in ("yes", "true", "1")
            place = span.to(self.value)
            return (write(place, self.option, safe=yes, title=f"write `{self.option}` alone"),)
        from cnnspec.diagnostics.translations import option_fixes

        whole = span.to(self.value) if self.value else span
        foreign = option_fixes(whole, self.option, self.near)
        return foreign or respell(span, self.option, self.near, self.known)


class UnknownName(UnknownSpelling):
    """A name in an expression has to be defined with `let` on a line before."""

    code: ClassVar[str] = "CNN108"
    bad: ClassVar[str] = "let filters = 8; conv (filter)x3 relu; dense 10 softmax"
    good: ClassVar[str] = "let filters = 8; conv (filters)x3 relu; dense 10 softmax"

    called: bool = False
    """Whether it is a function, which takes its values in parentheses."""

    @property
    def message(self) -> str:
        if self.called:
            return f"`{self.name}` takes its values in parentheses"
        return f"the name `{self.name}` is not defined"

    @property
    def help(self) -> str:
        if self.called and self.span:
            example = "1..64" if self.name == "fit" else "2.5"
            call = self._call(self.span)
            return call.title if call else f"write `{self.name}({example})`"
        if self.span and self._slashes(self.span):
            return "a comment begins with `#`"
        if self.span and (whole := self._hyphenated(self.span)):
            return whole.title
        if self.near:
            return did_you_mean(self.near, self.known)
        return f"define it first: `let {self.name} = …`"

    def _hyphenated(self, span: Span) -> Fix | None:
        """The fix of `my-width` where `my_width` is known."""
        rest = re.compile(r"\w+(?:-\w+)+").match(span.source.text, span.start)
        name = rest[0].replace("-", "_") if rest else ""
        if rest is None or name not in self.known:
            return None
        whole = span.source.span(rest.start(), rest.end())
        return write(whole, name, safe=True, title=f"write `{name}`")

    def _call(self, span: Span) -> Fix | None:
        """The fix of `floor 2.5`."""
        value = re.compile(r"[ \t]+([\w.]+)").match(span.source.text, span.end)
        if value is None:
            return None
        text = f"{self.name}({value[1]})"
        return write(
            span.source.span(span.start, value.end()), text, safe=True, title=f"write `{text}`"
        )

    def _slashes(self, span: Span) -> Span | None:
        """The `//` before the name, with which other languages begin a comment."""
        found = re.search(r"//[ \t]*\Z", span.source.text[: span.start])
        return found and span.source.span(found.start(), found.start() + 2)

    def fixes_at(self, span: Span) -> Fixes:
        slashes = self._slashes(span)
        if slashes:
            return (write(slashes, "#", title="write `#`"),)
        if self.called:
            call = self._call(span)
            return (call,) if call else ()
        if whole := self._hyphenated(span):
            return (whole,)
        return super().fixes_at(span)


class UnknownFunction(UnknownSpelling):
    """Expressions have the functions `floor`, `ceil`, `round`, `min` and `max`."""

    code: ClassVar[str] = "CNN130"
    bad: ClassVar[str] = "let f = rond(7.5); dense (f) relu; dense 10 softmax"
    good: ClassVar[str] = "let f = round(7.5); dense (f) relu; dense 10 softmax"

    @property
    def message(self) -> str:
        return f"`{self.name}` is not a function of expressions"

    @property
    def help(self) -> str:
        if self.name == "fit":
            return "give `fit` a name of its own, `let w = fit(1..64)`, and use that: `(2*w)`"
        if self.name == "range":
            return "write both ends of a range: `0..2` for `range(3)`"
        return did_you_mean(self.near, self.known)

    def fixes_at(self, span: Span) -> Fixes:
        ends = re.compile(r"\(\s*(?:(\d+)\s*,\s*)?(\d+)\s*\)").match(span.source.text, span.end)
        if self.name != "range" or ends is None or int(ends[2]) <= int(ends[1] or 0):
            return super().fixes_at(span)
        text = f"{ends[1] or 0}..{int(ends[2]) - 1}"
        whole = span.source.span(span.start, ends.end())
        return (write(whole, text, safe=True, title=f"write `{text}`"),)


class Misplaced(Diagnostic):
    """Training settings belong in `train { … }`, everything else outside of it."""

    code: ClassVar[str] = "CNN110"
    bad: ClassVar[str] = "dense 10 softmax; epochs 5"
    good: ClassVar[str] = "dense 10 softmax; train { epochs 5 }"

    word: str
    home: str
    fix: Fix | None = None

    @property
    def message(self) -> str:
        return f"`{self.word}` is not allowed here"

    @property
    def help(self) -> str:
        return f"it belongs {self.home}"

    def fixes_at(self, span: Span) -> Fixes:
        if self.fix:
            return (self.fix,)
        if self.home == "in `train { … }`":
            from cnnspec.diagnostics.rewrites import into_train

            return (into_train(span),)
        return ()


class UnknownSetting(Diagnostic):
    """What `--set` names is a `let` of the spec or a training setting."""

    code: ClassVar[str] = "CNN112"

    name: str
    near: str
    known: tuple[str, ...]

    @property
    def message(self) -> str:
        return f"there is no `let` and no training setting named `{self.name}`"

    @property
    def help(self) -> str:
        from cnnspec.diagnostics.translations import setting_help

        foreign = setting_help(self.span, self.name, self.near)
        return foreign or did_you_mean(self.near, self.known, "a name here")
