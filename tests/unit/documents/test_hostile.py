"""What an author, or a stranger, writes into a document is text there: links lead out, nothing is run."""

import json
import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from derivations.gradient_descent import derivation
from physsym.core.verdicts import fails, holds
from physsym.documents import FORMATS, document_of
from physsym.documents.checking import reserved
from physsym.documents.content import (
    Book,
    Chapter,
    Code,
    EquationRange,
    Figure,
    Finding,
    Heading,
    Note,
    NumberedEquation,
    Table,
)
from physsym.documents.pdf import compile_tex
from physsym.documents.tree import Contrast, Line, Listing, Picture, Section, Subheading, blocks
from physsym.loading import Script
from tests.support.requirements import needs_tex

TEXTS = ("html", "md", "myst", "tex", "ipynb")
ADDRESSES = (
    "https://doi.org/10.1016/a%20b",
    "https://example.org/a_b/~c?first=1&copy;=2#part-3",
    "https://example.org/%5B1%5D(2)/100%25",
    "https://example.org/wiki/Pendulum_(mechanics)",
    "mailto:somebody@example.org",
)


def document(*blocks, **fields):
    chapter = Chapter(fields.pop("title", "A chapter"), blocks, **fields)
    return document_of([Script("own", "", (), parts=(chapter,))])


def written(name, tree):
    """Return a document in one format as text; of a notebook, its cells of Markdown."""
    (text, *_) = FORMATS[name](tree).values()
    if name != "ipynb":
        return text
    cells = json.loads(text)["cells"]
    return "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


class Page(HTMLParser):
    """What a browser would make of a page: its elements, its links, what runs, and its text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.links, self.events, self.words = [], [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        is_no_icon = tag == "link" and dict(attributes) == {"rel": "icon", "href": "data:,"}
        self.links += [value for name, value in attributes if name == "href" and not is_no_icon]
        self.events += [name for name, _ in attributes if name.startswith("on")]

    def handle_data(self, data):
        self.words += data


def links_of(name, text):
    """Return the addresses of the links in a text, as another reader of its format sees them."""
    if name == "html":
        return Page(text).links
    if name == "tex":
        found = re.findall(r"\\href\{((?:[^{}\\]|\\.)*)\}", text)
        return [re.sub(r"\\(.)", r"\1", address) for address in found]
    tokens = [t for token in MarkdownIt("commonmark").parse(text) for t in token.children or ()]
    return [t.attrGet("href") for t in tokens if t.type == "link_open"]


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("address", ADDRESSES)
def test_a_link_leads_to_its_address_in_every_format(name, address):
    said = address.replace("&", "&amp;")
    tree = document(f"See [the [paper] & `x`, *50 %*](<{said}>).", Note("Aside", f"[a](<{said}>)"))
    found = links_of(name, written(name, tree))
    assert set(found) >= {address}
    assert not [link for link in found if link.startswith("#https")]


@needs_tex
def test_links_compile_wherever_a_sentence_stands(tmp_path):
    sentence = " ".join(f"[{k} % # _ & ~ \\[x\\]](<{address}>)" for k, address in enumerate(ADDRESSES))
    tree = document(
        sentence,
        Heading(sentence),
        f"- {sentence}",
        Note("A note", sentence),
        Table(sentence, (sentence,), ((sentence,),)),
        Finding(sentence, sentence, sentence, sentence, check=lambda: fails("it is not so"), says=sentence),
        NumberedEquation("1.1", line=(derivation, 0), says=sentence),
        title=sentence,
    )
    pdf, _ = compile_tex(FORMATS["tex"](tree), "derivations.tex")
    pages = pdf.decode("latin-1")
    assert pdf.startswith(b"%PDF")
    assert len(pages) > 10_000


@needs_tex
def test_the_addresses_stand_in_the_pdf():
    said = (f"[this](<{address.replace('&', '&amp;')}>)" for address in ADDRESSES)
    text = FORMATS["tex"](document(" and ".join(said)))["derivations.tex"]
    plain = text.replace(r"\documentclass", "\\pdfcompresslevel=0\\pdfobjcompresslevel=0\\documentclass", 1)
    pdf, _ = compile_tex({"derivations.tex": plain}, "derivations.tex")
    found = re.findall(r"/URI\s*\(((?:[^()\\]|\\.)*)\)", pdf.decode("latin-1"))
    assert [re.sub(r"\\(.)", r"\1", uri) for uri in found] == [*ADDRESSES]


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "JavaScript:alert(1)", "javascript&#58;alert(1)", "data:text/html,x", "file:///etc/passwd",
     "vbscript:x"],
)  # fmt: skip
def test_a_link_that_runs_or_reads_something_is_refused(link):
    with pytest.raises(ValueError, match=r"A chapter.*begins with http:, https:, mailto:"):
        document(f"Click [here](<{link}>).")


@pytest.mark.parametrize("name", TEXTS)
def test_a_picture_of_prose_is_a_link_to_it(name):
    text = written(name, document("See ![a pendulum](https://example.org/p.png) there."))
    assert "https://example.org/p.png" in links_of(name, text)
    assert "a pendulum" in text


# ------------------------------------------------------------------ names and numbers


SCRIPT = "<script>alert(1)</script>"
BAD_NAMES = [
    SCRIPT, '1" onclick="alert(1)', r"1.1}\input{/etc/passwd}{", "1\n2", "../../escaped", "a/b", "1.1 ",
    "*1*", "(1)", "\u0661", "--",
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD_NAMES)
def test_a_number_or_a_name_is_no_more_than_that(bad):
    with pytest.raises(ValueError, match="the number of an equation is made of letters and digits"):
        NumberedEquation(bad, line=(derivation, 0))
    with pytest.raises(ValueError, match="the number of an equation is made of"):
        EquationRange(derivation, {0: bad})
    with pytest.raises(ValueError, match="the name of a figure is made of letters, digits and hyphens"):
        Figure(bad, print, "", "")
    with pytest.raises(ValueError, match="the anchor of a finding is made of letters, digits and hyphens"):
        Finding("", "", "", "", check=holds, anchor=bad)


@pytest.mark.parametrize("bad", ["python]{", "a b", "text\n```"])
def test_the_language_of_code_is_a_name(bad):
    with pytest.raises(ValueError, match="the language of code"):
        Code("", "x", bad)


def test_a_name_is_text():
    with pytest.raises(TypeError, match="the number of an equation is text, given 1"):
        NumberedEquation(1.1, line=(derivation, 0))


def test_two_figures_of_one_name_are_refused():
    with pytest.raises(ValueError, match=r"two figures have the name 'a': give each a name of its own"):
        document(Figure("a", print, "", ""), Figure("a", repr, "", ""))


def test_two_findings_of_one_anchor_are_refused():
    one = Finding("", "", "", "", check=lambda: fails("no"), anchor="here")
    with pytest.raises(ValueError, match="several findings have the anchor here"):
        document(one, replace(one, title="Another"))


def test_each_place_has_an_anchor_of_its_own():
    tree = document(Heading("Again"), Heading("Again"), Heading("!"), Heading("?"), title="Again")
    names = [block.anchor for _, block in blocks(tree) if isinstance(block, Subheading)]
    names += [section.anchor for section in tree.sections]
    assert len(set(names)) == len(names) == 5
    assert not reserved() & set(names)
    assert all(names)


# ------------------------------------------------------------------ texts


INJECTED = (
    SCRIPT,
    '"><img src=x onerror=alert(1)>',
    "# no heading\n\n# none either",
    "[x](javascript:alert(1))",
    r"\input{/etc/passwd} \write18{id} 50% of #1 & ~ ^^5c",
    "```\nend of the fence\n``````` and more\n```{raw} html",
    r"\end{lstlisting}\input{/etc/passwd}\begin{lstlisting}",
    "$x$ {math}`x` {{x}} <!-- a --> &copy; a | b",
    "(target)=\n% comment\n+++\n::: note",
)


def hostile(text):
    """Return a document whose every field of plain text holds a text."""
    tree = document(
        Code(text, text, "text"),
        Note(text, "note"),
        Heading("h"),
        number=text,
        title="t",
    )
    book = Book("b", (), subtitle=text)
    named = replace(derivation, title=text)
    more = document_of([Script("own", "", (named,), parts=(book,))], title=text)
    return replace(more, sections=(*tree.sections, *more.sections[:-1]), subtitle=text)


@cache
def of_plain_text(name):
    return written(name, hostile("plain"))


@pytest.mark.parametrize("text", INJECTED)
def test_text_in_a_page_is_text(text):
    page, plain = Page(written("html", hostile(text))), Page(of_plain_text("html"))
    assert page.tags == plain.tags
    assert not page.events
    assert (
        page.links[:5] == [link.replace("plain", page.links[0][1:]) for link in plain.links[:5]] or page.links
    )
    assert {link for link in page.links if not link.startswith("#")} == set()


@pytest.mark.parametrize("name", ["md", "myst", "ipynb"])
@pytest.mark.parametrize("text", INJECTED)
def test_text_in_markdown_is_text(name, text):
    found, plain = map(MarkdownIt("commonmark").parse, (written(name, hostile(text)), of_plain_text(name)))
    assert [(t.type, t.tag, t.info[:5]) for t in found] == [(t.type, t.tag, t.info[:5]) for t in plain]
    inline = [t for token in found for t in token.children or ()]
    assert not [t.content for t in inline if t.type == "html_inline" and not re.match("</?a", t.content)]
    assert not [t for t in inline if t.type == "link_open" and not t.attrGet("href").startswith("#")]


@needs_tex
def test_text_in_tex_is_text():
    """Everything at once, really compiled: it stops at no error, and nothing of another file is in it."""
    tree = hostile("\n".join(INJECTED))
    text = written("tex", tree)
    pdf, log = compile_tex(FORMATS["tex"](tree), "derivations.tex")
    assert pdf.startswith(b"%PDF")
    assert "passwd" in text
    assert "(/etc/passwd" not in log  # as it would be named where it is read
    assert text.count(r"\end{lstlisting}") == text.count(r"\begin{lstlisting}")


@pytest.mark.slow
@needs_tex
@pytest.mark.parametrize("text", INJECTED)
def test_each_text_compiles_in_tex(text):
    tree = hostile(text)
    _, log = compile_tex({"derivations.tex": written("tex", tree)}, "derivations.tex")
    assert "(/etc/passwd" not in log  # as it would be named where it is read


def test_a_listing_of_tex_ends_where_it_ends():
    listing = written("tex", document(Code("", "a\n\\end{lstlisting}\\input{secret}")))
    assert "\\input" not in listing.partition(r"\begin{document}")[2]
    assert r"\textbackslash{}input\{secret\}" in listing


@pytest.mark.parametrize("title", ["A\n\\input{secret}", "A\r\\input{secret}", "A\x85B", "A\u2028B"])
def test_a_title_stays_in_the_comment_of_a_package(title):
    tree = replace(document_of([derivation]), title=title)
    (text,) = FORMATS["sty"](tree).values()
    head = text.partition(r"\NeedsTeXFormat")[0]
    assert all(line.startswith("%") for line in re.split("[\n\r]", head) if line)


def test_fields_of_a_tree_made_by_hand_are_escaped_as_well():
    bad = '"><script>'
    line = next(b for _, b in blocks(document_of([derivation])) if isinstance(b, Line))
    made = Section((), bad, 2, (
        replace(line, number=bad), Subheading((), bad),
        Picture(bad, (lambda ax: ax.plot([0, 1]),), (2, 1), 1, (), bad),
        Contrast(1, (), bad, (), (("one", ()), ("two", ()), ("three", ())), fails("no")),
        Listing(bad, "text", bad),
    ), label=bad)  # fmt: skip
    tree = replace(document_of([derivation]), sections=(made,))
    assert Page(written("html", tree)).tags.count("script") == 1  # that of the page
    text = written(
        "tex", replace(tree, sections=(replace(made, blocks=(replace(line, number="1}\\input{x}"),)),))
    )
    assert r"\input{x}" not in text
    (macros,) = FORMATS["sty"](
        replace(tree, sections=(replace(made, blocks=(replace(line, number="1}\n\\x"),)),))
    ).values()
    assert "}\n\\x" not in macros


def test_a_spoiled_writer_is_noticed():
    """The reader of pages that these tests rely on does see what runs."""
    page = Page('<p onclick="x"><script>1</script><a href="https://example.org">x</a>')
    assert (page.tags, page.events, page.links) == (
        ["p", "script", "a"],
        ["onclick"],
        ["https://example.org"],
    )


def test_the_command_line_says_which_link_is_refused(tmp_path, capsys):
    from physsym.__main__ import main

    (tmp_path / "own.py").write_text(
        "import physsym as ps\nfrom physsym.vocabulary import gamma\n"
        "d = ps.Derivation('d', ps.damped_particle, (\n"
        "    ps.Step('See [this](javascript:alert).', ps.Divide(gamma)),))\n"
    )
    assert main(["document", str(tmp_path / "own.py"), "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "javascript:alert" in said
    assert not (tmp_path / "out").exists()
