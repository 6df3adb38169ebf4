"""The how-to page on many devices: its scripts train as one device does, and another rule would be seen."""

from __future__ import annotations

import sys

import pytest

from tests.support import distributed
from tests.support.distributed import ABORTED, PAGE, differences, mesh, of_processes, torchrun
from tests.support.pages import scripts, written
from tests.support.requirements import needs

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the loopback device is called otherwise elsewhere"),
]


@needs("optax", "jax")
def test_a_mesh_of_eight_devices_trains_like_one(tmp_path):
    written(PAGE, tmp_path)
    (printed,) = mesh(tmp_path)
    assert "devices: 8" in printed
    assert "the state is laid out like the weights: True" in printed
    assert max(differences([printed])) <= 1e-13


@needs("optax", "jax")
def test_another_rule_on_the_mesh_would_be_seen(tmp_path):
    written(PAGE, tmp_path)
    spoiled = scripts(PAGE)["mesh.py"].replace(
        "together, state =", "sharded['first'] *= 1 + 1e-11\ntogether, state ="
    )
    (tmp_path / "mesh.py").write_text(spoiled)
    assert min(differences(mesh(tmp_path))) > 1e-13


@needs("optax", "jax")
def test_two_processes_of_jax_train_like_one_device(tmp_path):
    written(PAGE, tmp_path)
    printed = of_processes(tmp_path)
    assert all("processes: 2 devices: 4" in text for text in printed)
    found = differences(printed)
    assert len(found) == 2
    assert max(found) <= 1e-13


@needs("torch", "torch")
@pytest.mark.parametrize("script", ["ddp.py", "fsdp.py"])
def test_two_processes_of_pytorch_train_like_one(script, tmp_path):
    written(PAGE, tmp_path)
    printed = torchrun(tmp_path, script)
    assert "processes: 2" in printed[0]
    assert ("rows held here: 4 of 8" in printed[0]) == (script == "fsdp.py")
    assert max(differences(printed)) <= 1e-13


RESULT = "largest difference: 1e-16"


@pytest.mark.parametrize(
    ("printed", "runs"),
    [(f"{RESULT}\n{ABORTED}", 2), (ABORTED, 1), (RESULT, 1)],
    ids=["end", "begin", "none"],
)
def test_only_an_abort_behind_the_result_is_run_again(printed, runs, monkeypatch):
    seen = []

    def failing(folder, script):
        seen.append(script)
        raise AssertionError(printed)

    monkeypatch.setattr(distributed, "_torchrun", failing)
    with pytest.raises(AssertionError):
        torchrun(None, "fsdp.py")
    assert len(seen) == runs
