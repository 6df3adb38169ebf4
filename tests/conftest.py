"""What pytest leaves out: harnesses that need tools of their own."""

collect_ignore = ["fuzz_reader.py"]
