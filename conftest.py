"""What pytest leaves out: modules whose doctests need an extra that is not installed."""

from importlib.util import find_spec

NEEDS = {
    "physsym/adapters/optax_transformation.py": "optax",
    "physsym/adapters/torch_compiled.py": "torch",
    "physsym/adapters/torch_optimizer.py": "torch",
    "physsym/optimizers/lifting/torch_": "torch",
    "physsym/runtime/backends/jax.py": "jax",
    "physsym/runtime/backends/jax_arrays.py": "jax",
    "physsym/runtime/backends/jax_potentials.py": "jax",
    "physsym/runtime/backends/jax_scan.py": "jax",
    "physsym/runtime/backends/jax_sweep.py": "jax",
    "physsym/runtime/backends/llvm.py": "llvmlite",
    "physsym/runtime/backends/torch.py": "torch",
    "physsym/runtime/backends/torch_in_place.py": "torch",
}
collect_ignore = [path for path, module in NEEDS.items() if find_spec(module) is None]
