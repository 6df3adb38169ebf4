"""The bibliography: works of `docs/bibliography.toml`, and where the package and its pages cite them.

A citation is written in words, as in "Schwartz 1980", "Su, Boyd and Candes (2014)" or "Cohen et al. 2022". It
is found by the names and the year, so that docstrings and pages can be read without this module.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
_NAME = r"(?:(?:von zur|van der|de|Van) )?[A-Z][\w'’-]+"
_YEAR = r"((?:1[6-9]|20)\d\d)"
CITATION = re.compile(rf"({_NAME}(?:(?:,? and |, |-){_NAME})*)((?: et al\.)?),? (?:\({_YEAR}\)|{_YEAR}\b)")
# A chapter of a book, whose year is left out: "Goldstein, ch. 1", "Butcher, section 3.1".
_BOOK = re.compile(
    rf"({_NAME}(?:(?:,? and |, ){_NAME})*)(?: et al\.)?,(?: [A-Z][\w ]+,)? (?:sec|ch|app|theorem|lemma)"
)
# Words before a year that name no author: where something appeared, what was released, months.
_NO_AUTHOR = re.compile(
    r"[A-Z]{2,}|[A-Z][a-z]+[A-Z]\w*S|Numerica|Library|Version|Distill|Springer|Wiley|In|Computer"
)


@dataclass(frozen=True)
class Work:
    """An entry of the bibliography; `others` says that not all authors are named.

    `compared` is false where nothing beside memory says that the entry is right.
    """

    authors: tuple[str, ...]
    title: str
    where: str
    year: int
    doi: str = ""
    arxiv: str = ""
    url: str = ""
    others: bool = False
    cited: tuple[str, ...] = ()
    compared: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """Return the last names of the authors, in letters of ASCII."""
        return tuple(
            plain(re.sub(r"^(?:[A-Z][a-z]?(?:\.|\b)[- ]?)+(?=\w)", "", name)) for name in self.authors
        )

    @property
    def link(self) -> str:
        """Return the address of the work, or an empty text."""
        if self.doi:
            return f"https://doi.org/{self.doi}"
        return f"https://arxiv.org/abs/{self.arxiv}" if self.arxiv else self.url

    def __str__(self) -> str:
        listed = ", ".join(self.authors) + (" et al." if self.others else "")
        return ", ".join(filter(None, (listed, self.title, self.where, str(self.year))))


def plain(text: str) -> str:
    """Return a text with letters of ASCII alone, and with apostrophes of one kind."""
    text = text.replace("ø", "o").replace("’", "'")
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


@cache
def works() -> tuple[Work, ...]:
    """Return the works of the table, in the order of their authors and years."""
    with (ROOT / "docs" / "bibliography.toml").open("rb") as file:
        entries = tomllib.load(file)["work"]
    found = (Work(**{k: tuple(v) if isinstance(v, list) else v for k, v in e.items()}) for e in entries)
    return tuple(sorted(found, key=lambda w: (_sorted_by(w.names[0]), w.year, w.names)))


def _sorted_by(name: str) -> str:
    return re.sub(r"^(von zur|van der|de|Van) ", "", name).lower()


@cache
def keys() -> dict[Work, str]:
    """Return the anchor of each work: the last name and the year, and a letter where two share them."""
    found, count = {}, Counter[str]()
    for work in works():
        key = f"{re.sub(r'[^a-z]+', '-', work.names[0].lower())}-{work.year}"
        count[key] += 1
        found[work] = key if count[key] == 1 else f"{key}{chr(96 + count[key])}"
    return found


def named(names: Iterable[str], year: int | None) -> Work | None:
    """Return the work of these authors, or of the first of them; of any year where none is said."""
    wanted = tuple(plain(name) for name in names)
    of_year = [w for w in works() if year in (None, w.year)]
    same = [w for w in of_year if w.names == wanted or wanted[:1] == w.cited]
    first = [w for w in of_year if w.names[0] == wanted[0] or w.names[0].split()[-1] == wanted[0]]
    return next(iter([*same, *first]), None)


def citations(text: str) -> Iterator[tuple[re.Match[str], Work | None]]:
    """Yield each citation in a text with its work, or None where there is none in the table."""
    for found in CITATION.finditer(text):
        names = re.split(r",? and |, ", found[1])
        before = text[: found.start()].rstrip(" ")
        if found[0][len(found[1]) :].startswith(",") and not re.search(r"(^|[A-Z]\.|[(;:*\n])$", before):
            continue  # the end of a title, such as "Algebraic Curves, 1950"
        names = names[max((k + 1 for k, n in enumerate(names) if _NO_AUTHOR.fullmatch(n)), default=0) :]
        if names:
            work = named(names, int(found[3] or found[4]))
            yield found, work or named(names[-1:], int(found[3] or found[4]))


def places() -> dict[str, str]:
    """Return the texts in which works are cited, by the name of the module or of the page."""
    files = [
        *(ROOT / "physsym").rglob("*.py"),
        *(ROOT / "derivations").rglob("*.py"),
        *(p for p in (ROOT / "docs").rglob("*.md") if p.name != "bibliography.md"),
        ROOT / "README.md",
    ]
    return {
        file.relative_to(ROOT).as_posix(): re.sub(r'"\n\s*f?"', "", file.read_text(encoding="utf-8"))
        for file in sorted(files)
    }


@cache
def cited_in() -> dict[Work, tuple[str, ...]]:
    """Return for each work the modules and pages that cite it."""
    found: dict[Work, list[str]] = {work: [] for work in works()}
    for name, text in places().items():
        for work in cited_works(text):
            found[work].append(name)
    return {work: tuple(names) for work, names in found.items()}


def cited_works(text: str) -> set[Work]:
    """Return the works that a text cites: by names and year, by title, by a chapter, or by a link."""
    joined = plain(" ".join(text.split()))
    lowered = joined.lower()
    of_books = {tuple(re.split(r",? and |, ", found)) for found in _BOOK.findall(joined)}
    books = {named(names, None) for names in of_books}
    return {work for _, work in citations(joined) if work} | {
        work
        for work in works()
        if work in books
        or _is_titled(work, lowered)
        or any(key in text for key in (work.doi, work.arxiv) if key)
    }


def _is_titled(work: Work, lowered: str) -> bool:
    """Tell whether a text has the title of a work; a short one may be plain words without its author."""
    title = plain(work.title).lower()
    return title in lowered and (
        title.count(" ") > 3 or any(f"{n.lower()}, {title}" in lowered for n in work.names)
    )


def page() -> str:
    """Return the list of works as Markdown, with links, and with the pages and modules that cite each."""
    return "\n\n".join(_entry(work, key, cited_in()[work]) for work, key in keys().items())


def _entry(work: Work, key: str, names: tuple[str, ...]) -> str:
    listed = ", ".join(work.authors) + (" et al." if work.others else "")
    title = re.sub(r"([*_\[\]`^])", r"\\\1", work.title)
    told = ", ".join(filter(None, (f"{listed}, *{title}*", work.where, str(work.year))))
    shown = f"doi:{work.doi}" if work.doi else f"arXiv:{work.arxiv}" if work.arxiv else work.url
    link = f" [{shown}]({work.link.replace('(', '%28').replace(')', '%29')})." if work.link else ""
    note = "" if work.compared else " (Not compared with a second source.)"
    return f"({key})=\n{told}.{link}{note} Cited in {', '.join(map(_place, names))}."


def _place(name: str) -> str:
    if name.startswith("docs/"):
        return f"[{name.removeprefix('docs/').removesuffix('.md')}](/{name.removeprefix('docs/')})"
    return f"`{name}`"


def linked(text: str) -> str:
    """Return a page of Markdown in which citations in prose lead to the bibliography."""
    # Fences, code in a line, links and headings stay as they are.
    parts = re.split(r"(?ms)(^ *```.*?^ *```\s*?$|`[^`\n]+`|\[[^\]\n]*\]\([^)\n]*\)|^#+ .*?$)", text)
    return "".join(part if k % 2 else _linked(part, "[{}](#{})") for k, part in enumerate(parts))


def linked_in_docstring(line: str) -> str:
    """Return a line of a docstring in which citations lead to the bibliography."""
    parts = re.split(r"(`[^`]*`)", line)
    return "".join(part if k % 2 else _linked(part, ":ref:`{} <{}>`") for k, part in enumerate(parts))


def _linked(text: str, form: str) -> str:
    found = [(m, w) for m, w in citations(text) if w is not None]
    for match, work in reversed(found):
        text = text[: match.start()] + form.format(match[0], keys()[work]) + text[match.end() :]
    return text
