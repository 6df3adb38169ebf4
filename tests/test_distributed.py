"""The how-to page on many devices: its scripts, run on loopback, each under a limit of time."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.extras import needs
from tests.pages import scripts, written

PAGE, LIMIT = "distribute.md", 150  # seconds, on a machine that does other things too
HERE = Path(__file__).parents[1]
OF_JAX = {"NPROC": "32", "JAX_ENABLE_X64": "1", "JAX_PLATFORMS": "cpu"}
OF_TORCH = {"GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1", "MASTER_ADDR": "127.0.0.1"}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the loopback device is called otherwise elsewhere"),
]


def run(folder, environment, *commands):
    """Run commands beside each other, and return what each printed; none outlives the limit."""
    seen = {**os.environ, **environment, "PYTHONPATH": f"{folder}{os.pathsep}{HERE}"}
    started = [
        subprocess.Popen(
            [sys.executable, *command], cwd=folder, env=seen, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        for command in commands
    ]  # fmt: skip
    try:
        printed = [process.communicate(timeout=LIMIT)[0] for process in started]
    finally:
        for process in started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    assert [process.returncode for process in started] == [0] * len(started), "\n".join(printed)
    return printed


def differences(printed):
    found = [float(text) for text in re.findall(r"largest difference: (\S+)", "\n".join(printed))]
    assert found, printed
    return found


def devices(number):
    return {**OF_JAX, "XLA_FLAGS": f"--xla_force_host_platform_device_count={number}"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def of_processes(script):
    address = f"127.0.0.1:{free_port()}"
    return [(script, address, "2", str(number)) for number in range(2)]


def torchrun(script):
    options = ("--nproc-per-node", "2", "--master-addr", "127.0.0.1", "--master-port", str(free_port()))
    return [("-m", "torch.distributed.run", *options, script)]


@needs("optax", "jax")
def test_a_mesh_of_eight_devices_trains_like_one(tmp_path):
    written(PAGE, tmp_path)
    (printed,) = run(tmp_path, devices(8), ("mesh.py",))
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
    assert min(differences(run(tmp_path, devices(8), ("mesh.py",)))) > 1e-13


@needs("optax", "jax")
def test_two_processes_of_jax_train_like_one_device(tmp_path):
    written(PAGE, tmp_path)
    printed = run(tmp_path, devices(2), *of_processes("processes.py"))
    assert all("processes: 2 devices: 4" in text for text in printed)
    found = differences(printed)
    assert len(found) == 2
    assert max(found) <= 1e-13


@needs("torch", "torch")
@pytest.mark.parametrize("script", ["ddp.py", "fsdp.py"])
def test_two_processes_of_pytorch_train_like_one(script, tmp_path):
    written(PAGE, tmp_path)
    printed = run(tmp_path, OF_TORCH, *torchrun(script))
    assert "processes: 2" in printed[0]
    assert ("rows held here: 4 of 8" in printed[0]) == (script == "fsdp.py")
    assert max(differences(printed)) <= 1e-13
