"""What pytest leaves out, verdicts of earlier runs, and what Hypothesis may not judge by: the clock."""

import os

from hypothesis import HealthCheck, settings

collect_ignore = ["fuzz/fuzz_parsing.py", "benchmarks"]


# No test asserts times: on a busy machine drawing numbers may be slow.
settings.register_profile("physsym", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("physsym")

# Values are compared to the last digits on every backend; JAX and PyTorch otherwise read floats as float32.
os.environ["JAX_ENABLE_X64"] = "1"
