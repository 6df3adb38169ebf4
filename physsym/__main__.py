"""The command line: `physsym document`, `check`, `selftest`, `certify`, `show`, `source` and `run`."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from physsym import __version__


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line; making it imports neither SymPy nor NumPy."""
    top = argparse.ArgumentParser(
        prog="physsym",
        description="Derive optimizers from mechanics, check every step, typeset it, run the result.",
    )
    top.add_argument("--version", action="version", version=f"physsym {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    document = commands.add_parser("document", help="write the derivation document")
    document.add_argument(
        "paths", nargs="*", metavar="PATH", help="scripts or folders (default: the shipped ones)"
    )
    document.add_argument("--out", default="build", metavar="DIR", help="folder to write to (default: build)")
    document.add_argument(
        "--format",
        default="html,md",
        help="some of html, md, myst, tex, pdf, ipynb, sty, separated by commas (default: html,md)",
    )

    check = commands.add_parser(
        "check", help="check every step and judge every claim; 1 if a step does not hold"
    )
    check.add_argument(
        "paths", nargs="*", metavar="PATH", help="scripts or folders (default: the shipped ones)"
    )

    selftest = commands.add_parser(
        "selftest", help="spoil lines and see that the check refuses them; 1 if one is misjudged"
    )
    selftest.add_argument(
        "--count",
        type=int,
        default=1000,
        metavar="N",
        help="wrong lines, beside N/5 true ones (default: 1000)",
    )
    selftest.add_argument("--seed", type=int, default=0, metavar="S", help="another seed, other lines")
    selftest.add_argument("--jobs", type=int, default=1, metavar="J", help="processes to share the work")

    certify = commands.add_parser(
        "certify", help="write a derivation as lemmas for the Coq proof assistant; 1 if one is not proved"
    )
    certify.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="shipped derivations, such as momentum, or paths (default: all)",
    )
    certify.add_argument(
        "--out",
        default="build/certificates",
        metavar="DIR",
        help="folder to write to (default: build/certificates)",
    )
    certify.add_argument("--only-write", action="store_true", help="write the files and do not run Coq")

    show = commands.add_parser("show", help="print a derivation in the terminal")
    show.add_argument("name", metavar="NAME", help="a shipped derivation, such as momentum, or a path")
    show.add_argument("--face", choices=("physics", "learning"), default="physics", help="whose notation")

    source = commands.add_parser("source", help="print a derived rule as program text")
    source.add_argument("name", metavar="NAME", help="a shipped derivation, such as momentum, or a path")
    source.add_argument(
        "--language", choices=("python", "c", "javascript", "llvm"), default="python", help="of the text"
    )

    run = commands.add_parser("run", help="run a derived optimizer on a named test function")
    run.add_argument("name", metavar="NAME", help="a shipped derivation, such as momentum, or a path")
    run.add_argument("--steps", type=int, default=100, metavar="N", help="how many steps (default: 100)")
    run.add_argument("--on", default="valley", metavar="PROBLEM", help="the test function (default: valley)")
    run.add_argument(
        "--set", nargs="+", default=[], metavar="P=VALUE", help="parameters, such as eta=0.02 rho=0.9"
    )
    run.add_argument(
        "--every", type=int, default=0, metavar="K", help="print every K-th step (default: ten lines)"
    )
    return top


_MODULES = {"check": "physsym.checking", "certify": "physsym.certifying"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0 is done, 1 a check that failed, 2 a wrong input, 130 an interruption.
    """
    options = parser().parse_args(arguments)
    # The commands need SymPy, which --help must not pay for, and most need more, which `check` must not.
    commands = importlib.import_module(_MODULES.get(options.command, "physsym.commands"))
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
