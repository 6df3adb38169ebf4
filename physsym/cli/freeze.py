"""`physsym freeze`: a derived rule as a module that stands alone."""

from __future__ import annotations

import keyword
import sys
from argparse import Namespace
from pathlib import Path

from physsym.cli.frozen import MAY_IMPORT, frozen, rule_and_origin
from physsym.cli.run import parse_parameters
from physsym.cli.terminal import echo
from physsym.documents.write import write_all
from physsym.optimizers.freezing import frozen_text


def main(options: Namespace) -> int:
    """Write the rule of a script's derivation as a module, or print it where no file is named.

    Raises ValueError for a rule that cannot be frozen, for values outside of the ranges of the parameters,
    and for a file that is there and is no frozen rule; nothing is written then.
    """
    path = None if options.out is None else module_path(options.out)
    lifted, origin = rule_and_origin(options.name)
    text = frozen_text(lifted, origin, options.language, parse_parameters(lifted.rule, options.set))
    if path is None:
        print(text, end="")
        return 0
    write_all({path: text})
    echo(f"wrote {path}; physsym check {path} tells whether it is still the derived rule")
    return 0


def module_path(given: str) -> Path:
    """Return the path of a module that may be written; raise ValueError for one that may not."""
    path = Path(given)
    if path.suffix != ".py" or not path.stem.isidentifier() or keyword.iskeyword(path.stem):
        raise ValueError(f"--out takes the name of a module, such as momentum.py; given {given!r}")
    if path.stem in {*sys.stdlib_module_names, *MAY_IMPORT}:
        raise ValueError(
            f"{given} would hide the module {path.stem} from those who import it; take another name"
        )
    if path.is_file() and frozen(path) is None and path.stat().st_size:
        raise ValueError(f"{given} is there and is no frozen rule; it is not overwritten: take another name")
    return path
