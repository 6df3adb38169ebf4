"""The scripts of the how-to page on optax and PyTorch run as they stand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.pages import scripts
from tests.support.requirements import needs

PAGE, TESTS = "use-with-optax-and-torch.md", "test-your-optimizer.md"
HERE = Path(__file__).parents[3]


def run(text, folder):
    (folder / "script.py").write_text(text)
    seen = {**os.environ, "PYTHONPATH": str(HERE), "OMP_NUM_THREADS": "1", "JAX_PLATFORMS": "cpu"}
    return subprocess.run(
        [sys.executable, "script.py"], cwd=folder, env=seen, capture_output=True, text=True, timeout=150
    )


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("with_optax.py", marks=needs("optax", "jax")),
        pytest.param("injected.py", marks=needs("optax", "jax")),
        pytest.param("with_jax.py", marks=needs("jax", "jax")),
        pytest.param("with_torch.py", marks=needs("torch", "torch")),
        pytest.param("ahead.py", marks=needs("torch", "torch")),
    ],
)
def test_a_script_runs_as_it_stands(name, tmp_path):
    done = run(scripts(PAGE)[name], tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("test_optax.py", marks=needs("optax", "jax")),
        pytest.param("test_torch.py", marks=needs("torch", "torch")),
        pytest.param("test_sign.py", marks=needs("torch", "torch")),
    ],
)
def test_the_tests_of_optimizers_on_the_page_pass(name, tmp_path):
    done = run(scripts(TESTS)[name], tmp_path)
    assert done.returncode == 0, done.stderr


@needs("torch", "torch")
def test_a_test_of_a_wrong_optimizer_on_the_page_fails(tmp_path):
    wrong = scripts(TESTS)["test_torch.py"].replace(
        'p.sub_(v, alpha=group["lr"])', 'p.sub_(v, alpha=2 * group["lr"])'
    )
    assert "the optimizer does not make the updates of the rule" in run(wrong, tmp_path).stderr


@needs("torch", "torch")
def test_a_script_that_does_not_hold_is_seen(tmp_path):
    wrong = scripts(PAGE)["ahead.py"].replace(
        "eta=0.1, rho=0.5", "eta=0.1, rho=0.5 if closure_given else 0.4"
    )
    assert "AssertionError" in run(wrong, tmp_path).stderr


def test_every_script_of_the_page_is_run():
    assert sorted(scripts(TESTS)) == ["test_optax.py", "test_sign.py", "test_torch.py"]
    used = ["ahead.py", "injected.py", "with_jax.py", "with_optax.py", "with_torch.py"]
    assert sorted(scripts(PAGE)) == used
