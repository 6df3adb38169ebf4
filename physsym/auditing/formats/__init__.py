"""The formats of files with formulas, one module each: what a text holds, and where."""
