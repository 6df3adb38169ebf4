"""`physsym convert`: parameters of momentum from one convention to another."""

from __future__ import annotations

from argparse import Namespace

from physsym.cli.columns import terminal_width
from physsym.cli.terminal import echo
from physsym.optimizers.conventions import ConversionError, NoConversionError, convert, text


def main(options: Namespace) -> int:
    """Print what values of one convention mean in another; return 1 where the other cannot express them.

    Raises ConversionError, a ValueError, for an unknown convention or parameter, and for what is no value.
    """
    values = dict[str, str]()
    for given in options.values:
        name, equals, value = given.partition("=")
        if not equals or name in values:
            raise ConversionError(
                f"each parameter is given once, as in lr=0.01; given {' '.join(options.values)}"
            )
        values[name] = value
    try:
        echo(text(convert(values, options.source, options.target), terminal_width()))
    except NoConversionError as error:
        echo(f"physsym: {error}", error=True)
        return 1
    return 0
