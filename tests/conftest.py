"""What pytest leaves out: harnesses that need tools of their own, and verdicts of earlier runs."""

import os

collect_ignore = ["fuzz_reader.py"]

# A test of the check must not be handed a verdict from disk, nor may the programs that it starts.
os.environ["PHYSSYM_CACHE"] = "0"
