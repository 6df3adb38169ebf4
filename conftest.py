"""What pytest leaves out: modules whose doctests need an extra that is not installed."""

from importlib.util import find_spec

NEEDS = {
    "physsym/adapters/optax_transformation.py": "optax",
    "physsym/adapters/torch_ahead.py": "torch",
    "physsym/adapters/torch_native.py": "torch",
    "physsym/adapters/torch_optimizer.py": "torch",
    "physsym/adapters/torch_states.py": "torch",
    "physsym/kernels/jax_backend.py": "jax",
    "physsym/kernels/llvm_backend.py": "llvmlite",
    "physsym/kernels/torch_backend.py": "torch",
    "physsym/kernels/torch_in_place.py": "torch",
}
collect_ignore = [path for path, module in NEEDS.items() if find_spec(module) is None]
