"""Programs in JavaScript, run by Node.js where the machine has it."""

import json
import shutil
import subprocess

import pytest

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(not NODE, reason="needs node, which runs JavaScript outside of a browser")


def run_by_node(text):
    """Return what a script prints as one line of JSON."""
    done = subprocess.run([NODE, "-"], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
