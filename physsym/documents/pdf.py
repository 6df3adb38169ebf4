"""The document as PDF, through whichever TeX is installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from physsym.documents.plotting import Files

# What is run in a folder with the file; tectonic fetches packages by itself, latexmk uses those installed.
COMMANDS = {
    "latexmk": ("latexmk", "-pdf", "-g", "-interaction=nonstopmode", "-halt-on-error", "-quiet"),
    "tectonic": ("tectonic", "--keep-logs"),
}
# With these TeX writes the same bytes each time.
TIMELESS = {"SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1"}
# latexmk compares its files by size and whole second: a table of contents that was rewritten within a second,
# with other page numbers of the same length, looks unchanged to it. So it runs until two PDFs are equal.
ROUNDS = 6
MISSING = (
    "the format pdf needs TeX, and neither latexmk nor tectonic was found; install TeX Live (on Debian: "
    "apt-get install latexmk texlive-latex-recommended texlive-fonts-recommended) or tectonic, "
    "or write the format tex instead"
)


def compile_tex(files: Files, name: str) -> tuple[bytes, str]:
    """Compile a LaTeX file among others; return the PDF, and the log of the run.

    Raises OSError where no TeX is installed, ValueError with TeX's own words where it stops at an error, and
    where each round writes another PDF.
    """
    engine = next((command for tool, command in COMMANDS.items() if shutil.which(tool)), None)
    if engine is None:
        raise OSError(MISSING)
    with tempfile.TemporaryDirectory() as folder:
        for path, content in files.items():
            file = Path(folder) / path
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        source, last = Path(folder) / name, None
        for _ in range(ROUNDS):
            pdf, log = _run([*engine, name], source)
            if pdf == last:
                return pdf, log
            last = pdf
    raise ValueError(f"TeX wrote another PDF in each of {ROUNDS} rounds: its page numbers do not settle")


def _run(command: Sequence[str], source: Path) -> tuple[bytes, str]:
    """Run TeX once; ValueError with its own words where it stops at an error."""
    process = subprocess.run(
        command,
        cwd=source.parent,
        env=os.environ | TIMELESS,
        capture_output=True,
        stdin=subprocess.DEVNULL,
    )
    file, pdf = source.with_suffix(".log"), source.with_suffix(".pdf")
    printed = process.stdout.decode(errors="replace")
    log = file.read_text(encoding="utf-8", errors="replace") if file.exists() else printed
    error = re.search(r"^!.*(\n.*){0,4}", log, re.MULTILINE)
    if error or not pdf.exists():
        raise ValueError(f"TeX stopped: {error[0] if error else log[-500:]}")
    return pdf.read_bytes(), log
