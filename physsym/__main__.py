"""The command line: `physsym document`, `check`, `certify`, `show`, `source` and `run`."""

from __future__ import annotations

import importlib
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Sequence

from physsym import __version__


def _paths(command: ArgumentParser) -> None:
    command.add_argument(
        "paths", nargs="*", metavar="PATH", help="scripts or folders (default: the shipped ones)"
    )


def _name(command: ArgumentParser) -> None:
    command.add_argument("name", metavar="NAME", help="a shipped derivation, such as momentum, or a path")


def _document(command: ArgumentParser) -> None:
    _paths(command)
    command.add_argument("--out", default="build", metavar="DIR", help="folder to write to (default: build)")
    command.add_argument(
        "--format",
        default="html,md",
        help="some of html, md, myst, tex, pdf, ipynb, sty, separated by commas (default: html,md)",
    )


def _certify(command: ArgumentParser) -> None:
    says = "shipped derivations, such as momentum, or paths (default: all)"
    command.add_argument("names", nargs="*", metavar="NAME", help=says)
    folder = "build/certificates"
    command.add_argument(
        "--out", default=folder, metavar="DIR", help=f"folder to write to (default: {folder})"
    )
    command.add_argument("--only-write", action="store_true", help="write the files and do not run Coq")


def _show(command: ArgumentParser) -> None:
    _name(command)
    command.add_argument("--face", choices=("physics", "learning"), default="physics", help="whose notation")


def _source(command: ArgumentParser) -> None:
    _name(command)
    languages = ("python", "c", "javascript", "llvm")
    command.add_argument("--language", choices=languages, default="python", help="of the text")


def _run(command: ArgumentParser) -> None:
    _name(command)
    command.add_argument("--steps", type=int, default=100, metavar="N", help="how many steps (default: 100)")
    command.add_argument(
        "--on", default="valley", metavar="PROBLEM", help="the test function (default: valley)"
    )
    says = "parameters, such as eta=0.02 rho=0.9"
    command.add_argument("--set", nargs="+", default=[], metavar="P=VALUE", help=says)
    says = "print every K-th step (default: ten lines)"
    command.add_argument("--every", type=int, default=0, metavar="K", help=says)


# fmt: off
_COMMANDS: dict[str, tuple[Callable[[ArgumentParser], None], str]] = {
    "document": (_document, "write the derivation document"),
    "check":    (_paths,    "check every step and judge every claim; 1 if a step does not hold"),
    "certify":  (_certify,  "write derivations as lemmas, which Coq proves; 1 if one is not proved"),
    "show":     (_show,     "print a derivation in the terminal"),
    "source":   (_source,   "print a derived rule as program text"),
    "run":      (_run,      "run a derived optimizer on a named test function"),
}
# fmt: on


def parser() -> ArgumentParser:
    """Return the parser of the command line; making it imports neither SymPy nor NumPy."""
    top = ArgumentParser(
        prog="physsym",
        description="Derive optimizers from mechanics, check every step, typeset it, run the result.",
    )
    top.add_argument("--version", action="version", version=f"physsym {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (arguments, says) in _COMMANDS.items():
        arguments(commands.add_parser(name, help=says))
    return top


_MODULES = {"check": "physsym.cli.check", "certify": "physsym.cli.certify"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0 is done, 1 a check that failed, 2 a wrong input, 130 an interruption.
    """
    options = parser().parse_args(arguments)
    # The commands need SymPy, which --help must not pay for, and most need more, which `check` must not.
    commands = importlib.import_module(_MODULES.get(options.command, "physsym.cli.commands"))
    try:
        return int(commands.COMMANDS[options.command](options))
    except (ValueError, OSError, FloatingPointError) as error:
        print(f"physsym: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("physsym: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
