"""Rows 6, 7 and 12 to 20: set-up times, laws, and one device against many."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile

from tests.benchmarks import derivation
from tests.benchmarks.timing import Row, in_fresh_process

COMPILING = """
import json, os, sys, time
spent = lambda: sum(os.times()[:4])
a = spent(); import sympy; b = spent()
import numpy
from physsym.program import program
from physsym.stages import stages
from physsym.kernels import arrays, bound, native, numpy_backend
from tests.benchmarks.rules import RULES
part = stages(program(RULES[{called!r}]))[-1]
c = spent()
from physsym.kernels.in_place import in_place_source
for _ in range({repeats}): numpy_backend._advance(in_place_source(part))
d = spent()
from physsym.kernels import llvm_backend
llvm_backend.engine().make(part, True, False)
e = spent()
from physsym.kernels import c_backend
c_backend.engine().make(part, True, False)
f = spent()
for _ in range({repeats}):
    c_backend._make.cache_clear(); c_backend.engine().make(part, True, False)
g = spent()
print(json.dumps(dict(sympy=b - a, numpy=(d - c) / {repeats}, llvm=e - d, c=f - e, cached=(g - f) / {repeats})))
"""
MESH = """
import os
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=8"
os.environ["NPROC"] = "32"
os.environ["JAX_ENABLE_X64"] = "1"
import jax, numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec as P
from physsym.kernels import lambdify
from tests.benchmarks.rules import RULES, chosen
mesh = Mesh(np.array(jax.devices()).reshape(4, 2), ("data", "model"))
place, worst = NamedSharding(mesh, P("data", "model")), 0.0
random = np.random.default_rng(0)
for called in ("heavy ball", "Nesterov", "gradient descent"):
    stated = RULES[called]
    step = jax.jit(lambda *values: lambdify(stated, "jax")(*values, **chosen(stated)))
    first = [np.abs(random.normal(size=(8, 8))) for _ in stated.targets]
    one, many = [jax.numpy.array(v) for v in first], [jax.device_put(v, place) for v in first]
    for _ in range(50):
        slope = random.normal(size=(8, 8))
        one, many = step(*one, slope), step(*many, jax.device_put(slope, place))
        jax.block_until_ready(many)
    worst = max(worst, *(float(abs(np.asarray(a) - np.asarray(b)).max()) for a, b in zip(one, many)))
print(worst, len(many[0].sharding.device_set))
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
              f"llvm {llvm:.2f}, gcc {gcc:.2f}", min(llvm, gcc) <= 0.35, "the better of both is held against the floor")  # fmt: skip
    yield Row(7, "compiled before, from disk; NumPy source, / import sympy", "<= 0.01; <= 0.02", "0.0002; 0.006",
              f"{cached:.4f}; {text:.4f}", cached <= 0.01 and text <= 0.02)  # fmt: skip


def laws():
    """Yield rows 12 to 18: how fast laws are derived, checked and expanded."""
    for row in derivation.ROWS:
        if row.number.isdigit():
            measured, limit = statistics.median(row.measured), float(row.floor.split()[-1])
            yield Row(int(row.number), row.says, row.floor, "", f"{measured:.3g}", measured <= limit)


def code():
    """Yield row 19."""
    yield Row(19, "system to RK4 update code / brian2", "<= 0.2", "0.03 to 0.04", "not measured", None,
              "there is no integrator of several stages yet, and brian2 2.9 needs NumPy < 2.4")  # fmt: skip


def devices():
    """Yield row 20."""
    done = subprocess.run([sys.executable, "-c", MESH], capture_output=True, text=True, check=False)
    if done.returncode:
        told, holds = f"failed: {done.stderr.strip().splitlines()[-1]}", False
    else:
        worst, count = done.stdout.split()
        told, holds = f"{float(worst):.1e} on a JAX mesh of {count} virtual devices", float(worst) <= 1e-13
    yield Row(20, "one derived rule on many devices, f64, 50 steps: largest difference", "<= 1e-13",
              "<= 1.9e-15", told, holds, "one of the four set-ups; the others stand in the tests of the adapters")  # fmt: skip
