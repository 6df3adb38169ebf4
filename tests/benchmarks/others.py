"""Rows 6, 7 and 12 to 20: set-up times, laws, and one device against many."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path

from tests.benchmarks import derivation
from tests.benchmarks.timing import Row, behind, in_fresh_process
from tests.support import distributed
from tests.support.pages import written

COMPILING = """
import json, os, sys, time
spent = lambda: sum(os.times()[:4])
a = spent(); import sympy; b = spent()
import numpy
from physsym.codegen import partition, program
from physsym.runtime.backends import arrays, in_place_arguments, jit, numpy as numpy_backend
from tests.benchmarks.rules import RULES
part = partition(program(RULES[{called!r}]))[-1]
c = spent()
from physsym.runtime.backends.in_place import in_place_source
for _ in range({repeats}): numpy_backend._advance(in_place_source(part))
d = spent()
from physsym.runtime.backends import llvm as llvm_backend
llvm_backend.jit_compiler().compile(part, True, False)
e = spent()
from physsym.runtime.backends import c as c_backend
c_backend.jit_compiler().compile(part, True, False)
f = spent()
for _ in range({repeats}):
    c_backend._compile_part.cache_clear(); c_backend.jit_compiler().compile(part, True, False)
g = spent()
print(json.dumps(dict(sympy=b - a, numpy=(d - c) / {repeats}, llvm=e - d, c=f - e, cached=(g - f) / {repeats})))
"""


def set_up():
    """Yield rows 6 and 7."""
    found = []
    for _ in range(8):
        with tempfile.TemporaryDirectory() as folder:
            os.environ |= {"XDG_CACHE_HOME": folder, "PHYSSYM_CACHE": "1"}
            found.append(in_fresh_process(COMPILING.format(called="Adam", repeats=20)))
    del found[0]  # it may have written byte code for the others
    os.environ["PHYSSYM_CACHE"] = "0"
    llvm, gcc, cached, text = (
        statistics.median(f[name] / f["sympy"] for f in found) for name in ("llvm", "c", "cached", "numpy")
    )
    yield Row(6, "cold compilation of Adam, with imports, / import sympy", "<= 0.35", "0.20 to 0.25",
              f"llvm {llvm:.2f}, gcc {gcc:.2f}", min(llvm, gcc) <= 0.35, "the better of both is held against the floor",
              behind=behind({"both": min(llvm, gcc) <= 0.25}))  # fmt: skip
    yield Row(7, "compiled before, from disk; NumPy source, / import sympy", "<= 0.01; <= 0.02", "0.001; 0.006",
              f"{cached:.4f}; {text:.4f}", cached <= 0.01 and text <= 0.02,
              behind=behind({"from disk": cached <= 0.001, "NumPy source": text <= 0.006}))  # fmt: skip


def laws():
    """Yield rows 12 to 18: how fast laws are derived, checked and expanded."""
    for row in derivation.ROWS:
        if row.number.isdigit():
            measured, limit = statistics.median(row.measured), float(row.floor.split()[-1])
            yield Row(
                int(row.number), row.says, row.floor, "", f"{measured:.3g}", measured <= limit, row.beside
            )


def code():
    """Yield row 19: in an interpreter of its own, since brian2 wants another NumPy than the others."""
    goal, brian = "system to RK4 update code / brian2", Path(sys.prefix) / "brian2" / "bin" / "python"
    if not brian.exists():
        yield Row(19, goal, "<= 0.2", "0.03 to 0.04", "not measured", None,
                  "brian2 needs a virtual environment of its own, with NumPy < 2.4: `make .venv/brian2-ready`")  # fmt: skip
        return
    found = in_fresh_process("from tests.benchmarks.updates import main; main()", str(brian))
    middle = statistics.median(found["ratios"])
    yield Row(19, goal, "<= 0.2", "0.03 to 0.04", found["told"], middle <= 0.2, found["beside"],
              behind=behind({"ours": middle <= 0.04}))  # fmt: skip


def devices():
    """Yield row 20."""
    found = {}
    for called, set_up in distributed.SET_UPS.items():
        with tempfile.TemporaryDirectory() as folder:
            written(distributed.PAGE, Path(folder))
            found[called] = max(distributed.differences(set_up(Path(folder))))
    told = "; ".join(f"{called} {worst:.1e}" for called, worst in found.items())
    yield Row(20, "one derived rule on many devices, f64, 50 steps: largest difference from one device", "<= 1e-13",
              "<= 1.9e-15", told, max(found.values()) <= 1e-13,
              behind=behind({c: v <= 1.9e-15 for c, v in found.items()}))  # fmt: skip
