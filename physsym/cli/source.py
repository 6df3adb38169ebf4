"""`physsym source`: a derived rule as program text."""

from __future__ import annotations

from argparse import Namespace

from physsym.cli.paths import rule_named
from physsym.codegen.emit import source


def main(options: Namespace) -> int:
    """Print the rule of a script's derivation as program text, unadorned, so that it can be piped."""
    print(source(rule_named(options.name), options.language), end="")
    return 0
