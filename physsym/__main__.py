"""The command line: `physsym COMMAND`, with the commands of the table `COMMANDS`."""

from __future__ import annotations

import gc
import importlib
import io
import os
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import NoReturn

from physsym import __version__
from physsym._versions import PACKAGES

PIPE_CLOSED = 141  # 128 and the number of SIGPIPE, as shells have it
# How often garbage is searched for: SymPy makes many objects and hardly any cycles.
SELDOM = (20_000, 50, 50)


def _any_number(name: str, metavar: str, says: str, command: ArgumentParser) -> None:
    command.add_argument(name, nargs="*", metavar=metavar, help=says)


def _paths(command: ArgumentParser) -> None:
    says = (
        "scripts, folders, or names as of show (default: ./derivations if it is there, else the shipped ones)"
    )
    _any_number("paths", "PATH", says, command)


def _name(command: ArgumentParser) -> None:
    says = "a script in ./derivations, a shipped one such as momentum, or a path"
    command.add_argument("name", metavar="NAME", help=says)


def _verbose(command: ArgumentParser) -> None:
    command.add_argument("-v", "--verbose", action="store_true", help="show the evidence for what holds too")


def _document(command: ArgumentParser) -> None:
    _paths(command)
    says = "folder to write to (default: build), or one file such as lecture.html"
    command.add_argument("--out", default="build", metavar="DIR", help=says)
    command.add_argument(
        "--format",
        help="some of html, md, myst, tex, pdf, ipynb, sty, separated by commas (default: html,md)",
    )
    command.add_argument("--title", metavar="TITLE", help="the title (default: that of the book, if any)")
    faces, says = ("physics", "learning", "both"), "whose notation formulas are in (default: both)"
    command.add_argument("--face", choices=faces, default="both", help=says)
    amounts, says = ("folded", "line", "none"), "how much of each verdict is shown (default: folded)"
    command.add_argument("--evidence", choices=amounts, default="folded", help=says)
    says = "Markdown with formulas in backticks, to be put in front"
    command.add_argument("--intro", metavar="FILE", type=Path, help=says)
    command.add_argument("--css", metavar="FILE", type=Path, help="a style sheet for the page in HTML")


def _check(command: ArgumentParser) -> None:
    _paths(command)
    says = "load and check scripts in N processes (default: load in one, and check in two where that is safe)"
    command.add_argument("--jobs", type=_count, metavar="N", help=says)
    says = "count claims too: exit with 1 where one does not hold"
    command.add_argument("--claims", action="store_true", help=says)
    says = "count as failing what holds under listed hypotheses alone, and unknown dimensions"
    command.add_argument("--strict", action="store_true", help=says)
    says = "also integrate every law and run every rule; exit with 1 where motions contradict a verdict"
    command.add_argument("--simulate", action="store_true", help=says)
    _verbose(command)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"at least 1 is expected, given {text!r}")
    return int(text)


def _certify(command: ArgumentParser) -> None:
    says = "derivations, such as momentum, or paths (default: as for check)"
    _any_number("names", "NAME", says, command)
    folder = "build/certificates"
    command.add_argument(
        "--out", default=folder, metavar="DIR", help=f"folder to write to (default: {folder})"
    )
    command.add_argument("--only-write", action="store_true", help="write the files and do not run Coq")


def _show(command: ArgumentParser) -> None:
    _name(command)
    command.add_argument("--face", choices=("physics", "learning"), default="physics", help="whose notation")
    _verbose(command)


def _rule(command: ArgumentParser) -> None:
    says = "a script, by its name or path, known:NAME, or the text of a rule"
    command.add_argument("name", metavar="NAME", help=says)


def _source(command: ArgumentParser) -> None:
    _rule(command)
    languages = ("python", "c", "javascript", "llvm")
    command.add_argument("--language", choices=languages, default="python", help="of the text")


def _freeze(command: ArgumentParser) -> None:
    _rule(command)
    command.add_argument("--out", metavar="FILE", help="the module to write (default: print it)")
    says = "values of parameters, such as eta=0.02 rho=0.9, which become defaults"
    command.add_argument("--set", nargs="+", default=[], metavar="P=VALUE", help=says)
    says = "single numbers, or arrays of NumPy (default: python)"
    command.add_argument("--language", choices=("python", "numpy"), default="python", help=says)


def _run(command: ArgumentParser) -> None:
    _rule(command)
    command.add_argument("--steps", type=int, default=100, metavar="N", help="how many steps (default: 100)")
    command.add_argument(
        "--on", default="valley", metavar="PROBLEM", help="the test function (default: valley)"
    )
    says = "parameters, such as eta=0.02 rho=0.9"
    command.add_argument("--set", nargs="+", default=[], metavar="P=VALUE", help=says)
    says = "print every K-th step (default: ten lines)"
    command.add_argument("--every", type=int, default=0, metavar="K", help=says)


def _explorer(command: ArgumentParser) -> None:
    says = "further rules: scripts, by name or path, known:NAME, or texts of rules"
    command.add_argument("names", nargs="*", metavar="NAME", help=says)
    command.add_argument(
        "--out", metavar="FILE", required=True, help="the page to write, such as explorer.html"
    )


WHAT = (
    "the text of a rule, known:NAME, optax:NAME, torch:NAME (with options, as in 'torch:SGD(momentum=0.9)'), "
    "file.py:NAME, or the name or path of a script whose derivation ends with a rule"
)


def _same(command: ArgumentParser) -> None:
    command.add_argument("first", metavar="A", help=WHAT)
    command.add_argument("second", metavar="B", help="likewise")
    says = "a condition on parameters of A, such as 'rho > 0'; may be repeated"
    command.add_argument("--given", action="append", default=[], metavar="CONDITION", help=says)
    command.add_argument("--rate", metavar="NAME", help="the learning rate of A (default: by its name)")
    says = "exit with 0 only where no condition is needed and the learning rate may change"
    command.add_argument("--strict", action="store_true", help=says)
    _verbose(command)


def _what(command: ArgumentParser) -> None:
    command.add_argument("what", metavar="WHAT", help=WHAT)


def _identify(command: ArgumentParser) -> None:
    _what(command)
    command.add_argument("--all", action="store_true", help="list all relatives, not the nearest alone")


def _report(command: ArgumentParser) -> None:
    _what(command)
    says = "values of parameters, such as lr=0.01 (default: typical ones), and lam= for a curvature"
    _any_number("values", "P=VALUE", says, command)


def _audit(command: ArgumentParser) -> None:
    says = "notes: files (.md, .tex, .ipynb, .rst, .py, .html), folders, or patterns such as 'notes/**/*.md'"
    command.add_argument("paths", nargs="+", metavar="PATH", help=says)
    formats, says = ("text", "json", "sarif", "github"), "form of the report (default: text)"
    command.add_argument("--format", choices=formats, default="text", help=says)
    command.add_argument("-v", "--verbose", action="store_true", help="show all formulas that were read")
    command.add_argument("--unread", action="store_true", help="show why formulas were not read")
    says = "exit with 1 also where a formula with a hint was not read or does not hold"
    command.add_argument("--strict", action="store_true", help=says)
    says = "processor time for each file; what is left then is undecided (default: 60)"
    command.add_argument("--budget", type=_seconds, metavar="SECONDS", help=says)
    command.add_argument("--jobs", type=_count, default=1, metavar="N", help="audit files in N processes")
    says = "do not count formulas that FILE lists as failing before"
    command.add_argument("--baseline", metavar="FILE", help=says)
    says = "write the formulas that fail now into FILE, for --baseline"
    command.add_argument("--write-baseline", metavar="FILE", help=says)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < 1e6:
        raise ArgumentTypeError(f"a number of seconds is expected, given {text!r}")
    return seconds


# The conventions of momentum, which `--help` lists without importing them.
CONVENTIONS = (
    "torch", "torch-dampening", "keras", "optax", "source", "dampened", "average", "quasi-hyperbolic",
    "alpha-beta", "physical", "cntk",
)  # fmt: skip


def _convert(command: ArgumentParser) -> None:
    says = "parameters of the first convention, such as lr=0.01 momentum=0.9"
    _any_number("values", "P=VALUE", says, command)
    says = f"the convention of the values: {', '.join(CONVENTIONS)}"
    command.add_argument("--from", dest="source", required=True, metavar="NAME", help=says)
    says = "the convention that is asked for"
    command.add_argument("--to", dest="target", required=True, metavar="NAME", help=says)


def _exercise(command: ArgumentParser) -> None:
    says = "a script in ./derivations, a shipped one such as momentum, or a path; NAME:OWN for one of several"
    command.add_argument("name", metavar="NAME", help=says)
    says = "the numbers of the lines, such as 5 or 3,5, or random (the default)"
    command.add_argument("--leave-out", default="random", metavar="N", help=says)
    command.add_argument("--seed", type=int, metavar="K", help="of the random choice")
    command.add_argument(
        "--hints", type=_count, default=0, metavar="N", help="show the first N hints at once"
    )
    says = "an answer, or ? for a hint; may be repeated (default: the standard input)"
    command.add_argument("--answer", action="append", default=[], metavar="TEXT", help=says)
    command.add_argument("--format", choices=("text", "ipynb"), default="text", help="ipynb for a notebook")
    command.add_argument("--out", metavar="FILE", help="the notebook to write")


_doctor = partial(_any_number, "parts", "PART", "parts or extras that must be there, such as torch or tex")


# Each command: the module whose `main` carries it out, its arguments, and what it does.
# fmt: off
COMMANDS: dict[str, tuple[str, Callable[[ArgumentParser], None], str]] = {
    "document": ("physsym.cli.document", _document, "write the derivation document"),
    "check":    ("physsym.cli.check",    _check,    "check every step, judge every claim; 1 if a step fails"),
    "show":     ("physsym.cli.show",     _show,     "print a derivation in the terminal; 1 if a step fails"),
    "exercise": ("physsym.cli.exercise", _exercise, "ask for a line that is left out; 1 if it is not found"),
    "source":   ("physsym.cli.source",   _source,   "print a derived rule as program text"),
    "freeze":   ("physsym.cli.freeze",   _freeze,   "write a derived rule as a module that stands alone"),
    "run":      ("physsym.cli.run",      _run,      "run a derived optimizer on a named test function"),
    "explorer": ("physsym.cli.explorer", _explorer, "write a page on which derived rules run, with sliders"),
    "same":     ("physsym.cli.same",     _same,     "compare two rules; 1 if the first is not the second"),
    "identify": ("physsym.cli.identify", _identify, "list the nearest published rules; 1 if none is it"),
    "lift":     ("physsym.cli.lift",     _what,     "print the rule of somebody's optimizer"),
    "report":   ("physsym.cli.report",   _report,   "print what a rule is as mechanics and as a method"),
    "convert":  ("physsym.cli.convert",  _convert,  "convert parameters of momentum; 1 if there is no way"),
    "audit":    ("physsym.cli.audit",    _audit,    "judge the formulas of notes; 1 if one fails"),
    "doctor":   ("physsym.cli.doctor",   _doctor,   "list what is installed; 1 if what is needed is not"),
    "certify":  ("physsym.cli.certify",  _certify,  "write lemmas, which Coq proves; 1 if one is not proved"),
}
# fmt: on

# Garbage is searched for after so many new objects, about 60 MB: expressions are many, and few are in cycles.
NEW_OBJECTS = 500_000

# What may be missing, by the name of the module that is imported, and the extra that installs it.
EXTRAS = {package.module: package.extra for package in PACKAGES if package.extra}


class Parser(ArgumentParser):
    """A parser whose refusals, which repeat what was given, print no control characters."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and the message, and exit with 2."""
        import re
        from difflib import get_close_matches

        from physsym.core.escapes import visible

        if refused := re.search(r"invalid choice: '(.*)' \(choose from (.*)\)$", message):
            near = get_close_matches(refused[1], re.findall(r"[\w-]+", refused[2]), n=1)
            message += "".join(f"; did you mean {name}?" for name in near)
        super().error(visible(message))


def parser() -> ArgumentParser:
    """Return the parser of the command line; making it imports neither SymPy nor NumPy."""
    top = Parser(
        prog="physsym",
        description="Derive optimizers from mechanics, check every step, typeset it, run the result.",
        epilog="Exit codes: 0 done, 1 something does not hold, 2 wrong input, 130 interrupted, "
        "141 the reader of the output has gone.",
    )
    top.add_argument("--version", action="version", version=f"physsym {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for name, (_, arguments, says) in COMMANDS.items():
        arguments(commands.add_parser(name, help=says, description=f"{says[0].upper()}{says[1:]}."))
    return top


EXAMPLES = (
    ("physsym show momentum", "a derivation that is shipped, line by line"),
    ("physsym run momentum", "its rule on a test function"),
    ("physsym check notes.py", "your own: every step, one verdict a line"),
    ("physsym doctor", "what is installed, and how to get the rest"),
)


def overview() -> str:
    """Return what is printed without a command: each with a line, and examples to begin with."""
    commands = [(name, says) for name, (_, _, says) in COMMANDS.items()]
    margin = max(len(text) for text, _ in (*commands, *EXAMPLES)) + 2
    listed = [
        "\n".join(f"  {text.ljust(margin)}{says}" for text, says in rows) for rows in (commands, EXAMPLES)
    ]
    return (
        f"physsym {__version__}: derives optimizers from mechanics and checks every step\n\n"
        f"commands:\n{listed[0]}\n\nto begin with:\n{listed[1]}\n\n"
        "physsym COMMAND --help lists the arguments of a command."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0 is done, 1 something that does not hold, 2 a wrong input, 130 an interruption, 141 an output that nobody
    reads any more.
    """
    alone = arguments is None  # the process is that of the command
    if alone:
        gc.set_threshold(NEW_OBJECTS, *gc.get_threshold()[1:])
    try:
        try:
            return _run_command(arguments)
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
            if alone:
                gc.freeze()  # the end of the process does not search through all that it made
    except BrokenPipeError:
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere:  # else Python complains when it ends
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        return PIPE_CLOSED


def _run_command(arguments: Sequence[str] | None) -> int:
    command = ""
    try:
        top = parser()
        options = top.parse_args(arguments)
        if options.command is None:
            print(overview())
            return 0
        command, options.own_process = options.command, arguments is None
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):  # a terminal that lacks a character shows its number
                stream.reconfigure(errors="backslashreplace")
        module = _imported(COMMANDS[command][0])
        often = gc.get_threshold()
        gc.set_threshold(*max(often, SELDOM))
        try:
            return int(module.main(options))
        except BaseException as error:
            if isinstance(error, (Exception, KeyboardInterrupt)):
                raise
            raise ValueError(f"a script ended the command: {type(error).__name__}: {error}") from error
        finally:
            gc.set_threshold(*often)
    except BrokenPipeError:
        raise
    except (ValueError, OSError, FloatingPointError) as error:
        return _refuse(str(error))
    except ImportError as error:
        reason = missing_extra(command, error)
        if not reason:
            raise
        return _refuse(reason)
    except KeyboardInterrupt:
        print("physsym: interrupted", file=sys.stderr)
        return 130


def _imported(name: str) -> ModuleType:
    """Import the module of a command, without a search for garbage meanwhile; later ones leave it out.

    The commands need SymPy, which --help must not pay for, and most need more, which `check` must not. What
    is imported lives as long as the process: searches would go through all of SymPy in vain.
    """
    # How many results SymPy remembers; it reads this when it is imported, and remembers 1,000 by default.
    os.environ.setdefault("SYMPY_CACHE_SIZE", "20000")
    first = name not in sys.modules and gc.isenabled()
    if first:
        gc.disable()
    try:
        module = importlib.import_module(name)
        if first:
            gc.freeze()
    finally:
        if first:
            gc.enable()
    return module


def _refuse(reason: str) -> int:
    from physsym.core.escapes import visible

    print(f"physsym: {visible(reason)}", file=sys.stderr)
    return 2


def missing_extra(command: str, error: ImportError) -> str:
    """Return what to install where an import failed for want of an extra; an empty text for other reasons."""
    name = (error.name or "").partition(".")[0]
    if name in EXTRAS:
        return f"{command} needs {name}: pip install 'physsym[{EXTRAS[name]}]'"
    return str(error) if "physsym[" in str(error) else ""


if __name__ == "__main__":
    sys.exit(main())
