"""The built site, read as a browser reads it: links that lead nowhere, and what is asked for from elsewhere.

`python -m tests.support.site FOLDER` prints what is wrong and exits with 1 if something is.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).parents[2]
# What a browser fetches by itself, unlike a link that a reader follows.
FETCHED = {
    "audio": "src", "embed": "src", "iframe": "src", "img": "src", "link": "href", "object": "data",
    "script": "src", "source": "src", "video": "src",
}  # fmt: skip
NOT_FETCHED = {"canonical", "next", "prev", "index", "search", "author", "copyright", "top", "up"}
OUTSIDE = re.compile(r"(?:url\(|@import)\s*[\"']?((?:https?:)?//[^\s\"')]+)")  # in a style sheet


class Page(HTMLParser):
    """What one page holds: the anchors that it has, where it leads to, and what it fetches."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.math = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag says."""
        values = {name: value for name, value in attrs if value is not None}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        self.math += tag == "math"
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        fetched = values.get(FETCHED.get(tag, ""))
        if fetched and not (tag == "link" and values.get("rel") in NOT_FETCHED):
            self.fetched.append(fetched)


def built(source: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """Build a site from the pages of a folder, in which a warning is an error."""
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-E", "-b", "html", source, out]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def pages(site: Path) -> dict[Path, Page]:
    """Return all pages of a site by their files."""
    return {file.resolve(): Page(file.read_text(encoding="utf-8")) for file in sorted(site.rglob("*.html"))}


def faults(site: Path) -> list[str]:
    """Return links that lead nowhere, files that are fetched and not there, and what comes from elsewhere."""
    read, found = pages(site), list[str]()
    for file, page in read.items():
        name = file.relative_to(site.resolve())
        for address in page.fetched:
            there = urlsplit(address)
            if there.scheme == "data":
                continue
            if there.scheme or there.netloc:
                found.append(f"{name}: asks for {address}")
            elif not (file.parent / unquote(there.path)).exists():
                found.append(f"{name}: {address} is not there")
        for address in page.links:
            there = urlsplit(address)
            if there.scheme or there.netloc:
                continue
            target = (file.parent / unquote(there.path)).resolve() if there.path else file
            if not target.exists():
                found.append(f"{name}: the link {address} leads nowhere")
            elif there.fragment and target in read and unquote(there.fragment) not in read[target].anchors:
                found.append(f"{name}: {address} has no such anchor")
    for file in sorted(site.rglob("*.css")):
        for address in OUTSIDE.findall(file.read_text(encoding="utf-8")):
            found.append(f"{file.relative_to(site)}: asks for {address}")
    if not read:
        found.append(f"there is no page in {site}")
    return found


def main(arguments: list[str]) -> int:
    """Print what is wrong with a site and return 1 if something is."""
    (site,) = map(Path, arguments)
    wrong = faults(site)
    print(*wrong or [f"{len(pages(site))} pages, in which all links lead somewhere"], sep="\n")
    if (note := site / "formulas.txt").exists():
        print(note.read_text(encoding="utf-8").splitlines()[0])
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
