"""Training on many devices: the scripts of the how-to page, run on loopback, each under a limit of time."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

PAGE, LIMIT = "distribute.md", 150  # seconds, on a machine that does other things too
HERE = Path(__file__).parents[2]
OF_JAX = {"NPROC": "32", "JAX_ENABLE_X64": "1", "JAX_PLATFORMS": "cpu"}
ABORTED = "terminate called without an active exception"
OF_TORCH = {"GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1", "MASTER_ADDR": "127.0.0.1"}


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
    """Return the differences from one device that scripts printed."""
    found = [float(text) for text in re.findall(r"largest difference: (\S+)", "\n".join(printed))]
    assert found, printed
    return found


def devices(number):
    return {**OF_JAX, "XLA_FLAGS": f"--xla_force_host_platform_device_count={number}"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def mesh(folder):
    """Run `mesh.py` on eight virtual devices."""
    return run(folder, devices(8), ("mesh.py",))


def of_processes(folder):
    """Run `processes.py` in two processes of two virtual devices."""
    address = f"127.0.0.1:{free_port()}"
    commands = [("processes.py", address, "2", str(number)) for number in range(2)]
    return run(folder, devices(2), *commands)


def torchrun(folder, script):
    """Run a script of PyTorch in two processes that talk by gloo, and once more where one aborted at its end.

    Threads of gloo can outlive the interpreter, whose end then aborts the process (pytorch/pytorch#179291).
    """
    try:
        return _torchrun(folder, script)
    except AssertionError as error:
        if ABORTED not in str(error) or "largest difference" not in str(error):
            raise
    return _torchrun(folder, script)


def _torchrun(folder, script):
    options = ("--nproc-per-node", "2", "--master-addr", "127.0.0.1", "--master-port", str(free_port()))
    return run(folder, OF_TORCH, ("-m", "torch.distributed.run", *options, script))


SET_UPS = {
    "JAX mesh of 8 virtual devices": mesh,
    "jax.distributed, 2 processes": of_processes,
    "PyTorch DDP, 2 gloo processes": lambda folder: torchrun(folder, "ddp.py"),
    "PyTorch FSDP2, 2 gloo processes": lambda folder: torchrun(folder, "fsdp.py"),
}
