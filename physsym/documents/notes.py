"""Markdown files as chapters: headings, prose with formulas, code, and derivations of scripts.

Nothing in such a file is run. A line `<!-- derivation: pendulum.py -->`, or a fence that begins with
`{derivation} pendulum.py`, names a script beside the file; see `physsym.loading.Notes`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from physsym.derivation import Derivation
from physsym.documents.content import Block, Chapter, Code, Heading, Passage
from physsym.documents.footnotes import FOOTNOTES, without_footnotes
from physsym.documents.photos import photo_in, read_photo
from physsym.loading import Notes, lines_that_name, read_markdown

_BLOCKS = MarkdownIt("commonmark")
_FRONT_MATTER = re.compile(r"\A---\n.*?\n(?:---|\.\.\.)\n", re.DOTALL)
_COMMENTS = re.compile(r"<!--.*?-->", re.DOTALL)
_MEANT = re.compile(r"\s*<!--\s*derivations?\b[^>]*\.py\b", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z0-9+#.-]+")


def chapter_of(notes: Notes) -> Chapter:
    """Return a Markdown file as a chapter, titled by its front matter or else by its first heading.

    Parameters
    ----------
    notes
        A file as it was loaded.

    Returns
    -------
    Chapter
        Its blocks, in their order.

    Raises
    ------
    ValueError
        For raw HTML, which is no text and would not be safe as anything else, and for a picture or a footnote
        that is not there.

    Examples
    --------
    >>> chapter = chapter_of(Notes("pendulum", "# A pendulum\\n\\nIts length is `l`.\\n\\n## Damping\\n"))
    >>> chapter.title, [type(block).__name__ for block in chapter.blocks]
    ('A pendulum', ['Passage', 'Heading'])
    """
    title, blocks = blocks_of(notes.text, f"{notes.name}.md", dict(notes.included), Path(notes.folder))
    return Chapter(title or notes.name, blocks)


def introduction(intro: str | Path) -> Chapter:
    """Return what is to be put in front of a document as a chapter.

    Parameters
    ----------
    intro
        Markdown with formulas in backticks, or between dollars as LaTeX, or the path of a file of it: a path,
        or a text that ends with .md and holds no white space.

    Returns
    -------
    Chapter
        Its title is that of the front matter, or the heading with which the text begins, and else empty.

    Raises
    ------
    OSError
        For a file that is not there.
    ValueError
        For a text that names a derivation, which only a document of its own may do.
    """
    is_file = isinstance(intro, Path) or (intro.endswith((".md", ".ipynb")) and not re.search(r"\s", intro))
    text, name = (read_markdown(Path(intro)), str(intro)) if is_file else (str(intro), "intro")
    if named := lines_that_name(text):
        raise ValueError(
            f"{name}, line {named[0][0]}: an introduction names no derivation; give the Markdown file as one "
            "of the things that the document is made of"
        )
    title, blocks = blocks_of(text, name, {}, Path(intro).parent if is_file else Path())
    return Chapter(title, blocks)


def blocks_of(
    text: str, name: str, included: Mapping[int, tuple[Derivation, ...]], folder: Path
) -> tuple[str, tuple[Block, ...]]:
    """Return the title of a Markdown text, if it has one, and its blocks.

    `included` has the derivations by the number of the line that names them; pictures lie in the `folder`.
    """
    front = _FRONT_MATTER.match(text)
    title = _title_of(front[0]) if front else ""
    # Lines keep their numbers.
    text = _FRONT_MATTER.sub(lambda found: "\n" * found[0].count("\n"), text)
    text, footnotes = without_footnotes(text, name)
    tokens = _BLOCKS.parse(text)
    starts = {token.map[0] + 1 for token in tokens if token.map and not token.level}
    if lost := sorted(set(included) - starts):
        raise ValueError(
            f"{name}, line {lost[0]}: a line that names a derivation stands by itself, not in a list"
        )
    blocks = list(_blocks(tokens, text.splitlines(), name, included, folder))
    if blocks and isinstance(blocks[0], _Title) and title in ("", blocks[0].title):
        title, blocks = blocks[0].title, blocks[1:]
    if footnotes:
        blocks = [
            replace(b, text=footnotes.referred(b.text, title)) if isinstance(b, Passage) else b
            for b in blocks
        ]
        blocks += [Heading(FOOTNOTES), *(Passage(note, line) for note, line in footnotes.listed())]
    return title, tuple(blocks)


def _title_of(front_matter: str) -> str:
    """Return the title that front matter gives in one line.

    >>> _title_of("---\\nauthor: A\\ntitle: 'Beads & springs'\\n---\\n")
    'Beads & springs'
    """
    found = re.search(r"^title:[ \t]*(.*?)[ \t]*$", front_matter, re.MULTILINE)
    given = found[1] if found else ""
    quoted = re.fullmatch(r"(['\"])(.*)\1", given)
    return quoted[2] if quoted else "" if given.startswith(("|", ">")) else given


class _Title(Heading):
    """A heading of the first level."""


def _blocks(
    tokens: list[Token],
    lines: list[str],
    name: str,
    included: Mapping[int, tuple[Derivation, ...]],
    folder: Path,
) -> Iterator[Block]:
    for k, token in enumerate(tokens):
        if token.level or token.nesting < 0 or token.map is None:
            continue
        start, end = token.map
        text = "\n".join(lines[start:end])
        if start + 1 in included and token.type in ("html_block", "fence"):
            if token.type == "fence" and token.content.strip():
                raise ValueError(
                    f"{name}, line {start + 2}: a derivation has neither options nor text of its own, given "
                    f"{lines[start + 1].strip()!r}; options such as --face are those of the whole document"
                )
            yield from included[start + 1]
        elif token.type == "heading_open":
            heading = tokens[k + 1].content
            yield _Title(heading) if token.tag == "h1" else Heading(heading)
        elif token.type == "fence" and token.info.split()[:1] == ["{math}"]:
            yield Passage(f"$${_without_options(token.content)}$$", start + 1)
        elif token.type in ("fence", "code_block"):
            language = _WORD.match(token.info.strip())
            yield Code("", token.content, language[0] if language else "text")
        elif token.type == "html_block":
            if _MEANT.match(text):
                raise ValueError(
                    f"{name}, line {start + 1}: a derivation is named on a line of its own, as in "
                    f"<!-- derivation: pendulum.py:NAME -->; given {lines[start].strip()!r}"
                )
            if _COMMENTS.sub("", token.content).strip():
                raise ValueError(
                    f"{name}, line {start + 1}: HTML is not taken over into documents, given "
                    f"{lines[start].strip()!r}; write Markdown"
                )
        elif (photo := photo_in(tokens, k)) is not None and photo.is_file:
            try:
                yield read_photo(photo, folder)
            except ValueError as error:
                raise ValueError(f"{name}, line {start + 1}: {error}") from error
        elif token.type != "hr":
            yield Passage(text, start + 1)


def _without_options(text: str) -> str:
    """Return the content of a directive of MyST without its options, such as a label."""
    return re.sub(r"\A(?:\s*:[\w-]+:.*\n)+", "", text).strip()
