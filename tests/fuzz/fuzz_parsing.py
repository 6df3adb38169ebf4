"""Feed the reader of formulas with bytes that a fuzzer makes up: `python tests/fuzz/fuzz_parsing.py -runs=N`.

It needs atheris (`pip install atheris`), which looks for bytes that reach new code; pytest does not collect
it. Any exception but ReadError ends the run, and the bytes that raised it are kept in a file.
"""

from __future__ import annotations

import sys
from tempfile import TemporaryDirectory

try:
    import atheris
except ImportError:
    sys.exit("the fuzzer needs atheris, which is not installed; run `pip install atheris`, then try again")

with atheris.instrument_imports(include=["physsym.parsing"]):
    from physsym.parsing import ReadError, conditions_of, read

PIECES = (
    "x", "u", "v", "m", "rho", "eta", "gamma", "tau", "t", "G", "U", "ρ", "Δt", "E", "0", "1", "2", "64",
    "0.5", "1e40", " + ", " - ", "*", "/", "**", "(", ")", ",", " = ", " <- ", "; ", "\n", "grad(", "dot(",
    "after(", "partial(2, ", "exp(", "log(", "sqrt(", "sin(", "tanh(", "cosh(", "Abs(", "sign(", "Max(", "__",
    ".", "[", "'", "ﬁ", "\u202e",
)  # fmt: skip


def text_of(data: bytes) -> str:
    """Return the text of some bytes: the first one says whether they are characters or pieces of formulas."""
    provider = atheris.FuzzedDataProvider(data)
    if provider.ConsumeBool():
        return str(provider.ConsumeUnicode(5000))
    return "".join(PIECES[byte % len(PIECES)] for byte in provider.ConsumeBytes(1000))


def try_one(data: bytes) -> None:
    """Read one text in both ways; both agree on whether it is a formula."""
    text = text_of(data)
    if _is_read(read, text) != _is_read(conditions_of, text):
        raise AssertionError(f"read and conditions_of disagree on {text!r}")


def _is_read(reader: object, text: str) -> bool:
    try:
        reader(text)  # type: ignore[operator]
    except ReadError as error:
        str(error)
        return False
    return True


if __name__ == "__main__":
    with TemporaryDirectory() as kept:
        atheris.Setup([*sys.argv, "-timeout=10", "-rss_limit_mb=2048", kept], try_one)
        atheris.Fuzz()
