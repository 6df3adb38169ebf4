"""What pytest leaves out: modules that import an extra which is not installed."""

import re
from importlib.util import find_spec
from pathlib import Path

_EXTRA = re.compile(r"^(?:import|from) (jax|llvmlite|optax|torch)\b", re.MULTILINE)
_FOLDERS = {"physsym/optimizers/lifting/torch_": "torch"}  # its modules import each other
_HERE = Path(__file__).parent

collect_ignore = [folder for folder, extra in _FOLDERS.items() if find_spec(extra) is None] + [
    str(path.relative_to(_HERE))
    for path in sorted((_HERE / "physsym").rglob("*.py"))
    if any(find_spec(extra) is None for extra in _EXTRA.findall(path.read_text(encoding="utf-8")))
]
